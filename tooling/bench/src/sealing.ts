/** A process that seals the log of a database, as every process of an installation does that has the key. */

import { Iam } from "@beep/iam-server";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as Layer from "effect/Layer";

Layer.launch(Iam.layer).pipe(NodeRuntime.runMain);
