import { onServer } from "./migrating.ts";

onServer(15);
