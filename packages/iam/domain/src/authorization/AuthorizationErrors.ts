/** What can go wrong where authorization is asked or changed. None of them is ever a permit. */
import * as Schema from "effect/Schema";

/** What is wrong with a model, and where: lines count from one, and are not known of a model that is no text. */
export const ModelFault = Schema.Struct({ line: Schema.NullOr(Schema.Int), says: Schema.String });
export type ModelFault = typeof ModelFault.Type;

/** A model does not hold together, and was not written. */
export class ModelInvalid extends Schema.TaggedError<ModelInvalid>()("ModelInvalid", {
  code: Schema.tag("MODEL_INVALID"),
  faults: Schema.Array(ModelFault),
}) {
  override get message() {
    return this.faults.map(({ line, says }) => (line === null ? says : `Line ${line}: ${says}`)).join(" ");
  }
}

/** There is no model to answer by: none was written yet. */
export class ModelMissing extends Schema.TaggedError<ModelMissing>()("ModelMissing", {
  code: Schema.tag("MODEL_MISSING"),
}) {
  override get message() {
    return "There is no authorization model yet.";
  }
}

/** What is asked for is of a type that the model does not have. */
export class TypeUnknown extends Schema.TaggedError<TypeUnknown>()("TypeUnknown", {
  code: Schema.tag("TYPE_UNKNOWN"),
  type: Schema.String,
}) {
  override get message() {
    return `The model has no type ${this.type}.`;
  }
}

/** What is asked for is a relation that its type does not have. */
export class RelationUnknown extends Schema.TaggedError<RelationUnknown>()("RelationUnknown", {
  code: Schema.tag("RELATION_UNKNOWN"),
  type: Schema.String,
  relation: Schema.String,
}) {
  override get message() {
    return `The type ${this.type} has no relation ${this.relation}.`;
  }
}

/** A question is malformed, or asks of a subject, a relation or an object what the model does not have. */
export class QuestionInvalid extends Schema.TaggedError<QuestionInvalid>()("QuestionInvalid", {
  code: Schema.tag("QUESTION_INVALID"),
  says: Schema.String,
}) {
  override get message() {
    return `The question makes no sense: ${this.says}.`;
  }
}

/** The model forbids a tuple, or it is malformed. */
export class TupleInvalid extends Schema.TaggedError<TupleInvalid>()("TupleInvalid", {
  code: Schema.tag("TUPLE_INVALID"),
  tuple: Schema.String,
  says: Schema.String,
}) {
  override get message() {
    return `The tuple ${this.tuple} is not allowed: ${this.says}.`;
  }
}

/** The answer hangs on a condition that cannot be decided. */
export class ConditionUndecided extends Schema.TaggedError<ConditionUndecided>()("ConditionUndecided", {
  code: Schema.tag("CONDITION_UNDECIDED"),
  condition: Schema.String,
  says: Schema.String,
}) {
  override get message() {
    return `The condition ${this.condition} cannot be decided: ${this.says}.`;
  }
}

/** A question is to be a condition of SQL, and hangs on what is none. */
export class QuestionNotInSql extends Schema.TaggedError<QuestionNotInSql>()("QuestionNotInSql", {
  code: Schema.tag("QUESTION_NOT_IN_SQL"),
  type: Schema.String,
  relation: Schema.String,
}) {
  override get message() {
    return `Who has ${this.type}#${this.relation} cannot be said in SQL alone.`;
  }
}

/** The answer would take more steps from one object to the next than are gone. */
export class QuestionTooDeep extends Schema.TaggedError<QuestionTooDeep>()("QuestionTooDeep", {
  code: Schema.tag("QUESTION_TOO_DEEP"),
}) {
  override get message() {
    return "The answer lies deeper than is looked.";
  }
}

/** The answer would take more facts than are read. */
export class QuestionTooWide extends Schema.TaggedError<QuestionTooWide>()("QuestionTooWide", {
  code: Schema.tag("QUESTION_TOO_WIDE"),
}) {
  override get message() {
    return "The answer takes more facts than are read.";
  }
}

/** A question asks for a later revision of the policy than the database that it was asked of has. */
export class RevisionNotReached extends Schema.TaggedError<RevisionNotReached>()("RevisionNotReached", {
  code: Schema.tag("REVISION_NOT_REACHED"),
  asked: Schema.BigIntFromString,
  reached: Schema.BigIntFromString,
}) {
  override get message() {
    return `The policy is at revision ${this.reached}, and ${this.asked} was asked for.`;
  }
}
