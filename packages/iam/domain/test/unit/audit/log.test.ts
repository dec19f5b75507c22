import { EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Result from "effect/Result";
import { SecureRandom } from "effect/crypto/SecureRandom";
import { Signature } from "effect/crypto/Signature";
import { AuditEvent, AuditExport, AuditLog, Checkpoint, Errors, SignedNote } from "../../../src/index.ts";
