/** What somebody does who owns the database, and that the verifier finds it: with triggers off, hashes made anew, keys changed. */
import { AuditExport, AuditLog, Checkpoint, type Errors, Merkle, SignedNote } from "@beep/iam-domain";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as Log from "../../src/audit/Log.ts";
import { canonical, chainOf, type EventRow, eventColumns, joined } from "../../src/audit/rows.ts";
import { sha256 } from "../../src/audit/Sealer.ts";
import { Key, organizations, origin, sealed, trust, withLog } from "./log.ts";
