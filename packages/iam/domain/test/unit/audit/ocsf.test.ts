/** Events as a SIEM takes them, by the classes and numbers of schema.ocsf.io 1.3.0. */
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Result from "effect/Result";
import { AuditEvent, Ocsf } from "../../../src/index.ts";

const ann = SharedEntityIds.UserId.create();
const eve = SharedEntityIds.UserId.create();

/** What is written of an event of which this is told. */
const written = (told: Partial<AuditEvent.Row>): Readonly<Record<string, unknown>> => {
  const canonical = Result.getOrThrow(
    AuditEvent.canonical({
      format: 1,
      id: IamEntityIds.AuditEventId.toUuid(IamEntityIds.AuditEventId.create()),
      recordedAt: new Date(1_800_000_000_000),
      organizationId: null,
      action: "session.created",
      targetType: null,
      targetId: null,
      outcome: "success",
      context: {},
      login: "iam_app",
      before: null,
      after: null,
      personal: null,
      ...told,
    }),
  );
  return JSON.parse(Ocsf.line(JSON.parse(canonical), canonical));
};

describe("an event as OCSF", () => {
  it("AUD-2: a refused sign-in is a failed logon of whom it named, with why", () => {
    const refused = { action: "session.refused", outcome: "failure", after: { reason: "INVALID_EMAIL_OR_PASSWORD" } };
    const logon = { class_uid: 3002, activity_id: 1, type_uid: 300_201, status_id: 2 };
    assert.deepInclude(written({ ...refused, targetType: "user", targetId: SharedEntityIds.UserId.toUuid(ann) }), {
      ...logon,
      status_code: "INVALID_EMAIL_OR_PASSWORD",
      user: { uid: ann },
    });
    assert.deepInclude(written({ ...refused, targetType: "user" }), { ...logon, user: { uid: "" } });
  });

  it("AUD-2: a session is a logon and a logoff of its user, whoever acts", () => {
    const row = { user_id: SharedEntityIds.UserId.toUuid(ann) };
    assert.deepInclude(written({ action: "session.created", after: row }), {
      type_uid: 300_201,
      status_id: 1,
      user: { uid: ann },
    });
    assert.deepInclude(written({ action: "session.deleted", before: row, context: { actor: eve } }), {
      type_uid: 300_202,
      user: { uid: ann },
      actor: { user: { uid: eve } },
    });
  });

  it("AUD-2: of an impersonation it says who, and as whom", () => {
    const event = { action: "impersonation.ended", targetType: "user", targetId: SharedEntityIds.UserId.toUuid(ann) };
    assert.deepInclude(written({ ...event, context: { actor: ann, impersonator: eve } }), {
      type_uid: 300_299,
      user: { uid: ann },
      actor: { user: { uid: ann }, invoked_by: eve },
    });
  });

  it("AUD-2: what else was refused is of Entity Management", () => {
    const event = { action: "administration.refused", outcome: "failure", after: { reason: "FORBIDDEN" } };
    assert.deepInclude(written(event), { type_uid: 300_499, status_id: 2, status_code: "FORBIDDEN" });
  });
});
