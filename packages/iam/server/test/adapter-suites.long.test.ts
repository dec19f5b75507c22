import * as suites from "@better-auth/test-utils/adapter";
import { describe } from "vitest";
import { prepare } from "./adapter-suites/suites.ts";

const { register } = await prepare();

describe("ALN-8: normal", () => register([suites.normalTestSuite()]));
describe("ALN-8: transactions", () => register([suites.transactionsTestSuite()]));
describe("ALN-8: auth-flow", () => register([suites.authFlowTestSuite()]));
describe("ALN-8: uuid", () => register([suites.uuidTestSuite()]));
describe("ALN-8: joins", () => register([suites.joinsTestSuite()]));
describe("ALN-8: case-insensitive", () => register([suites.caseInsensitiveTestSuite()]));
