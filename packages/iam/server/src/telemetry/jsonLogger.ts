/** The log for machines. */
import * as Context from "effect/Context";
import * as Formatter from "effect/Formatter";
import * as Logger from "effect/Logger";
import * as Option from "effect/Option";
import * as Tracer from "effect/Tracer";

/** The log as JSON on standard error, a line for each entry, with the trace and the span in which it was written. */
export const jsonLogger: Logger.Logger<unknown, void> = Logger.make<unknown, string>((options) => {
  const trace = Option.match(Context.getOption(options.fiber.context, Tracer.ParentSpan), {
    onNone: () => ({}),
    onSome: ({ traceId, spanId }) => ({ traceId, spanId }),
  });
  return Formatter.formatJson({ ...Logger.formatStructured.log(options), ...trace });
}).pipe(Logger.withConsoleError);
