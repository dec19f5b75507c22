/** Races by two real connections, in an order that the test decides. */
export { type BothOrders, bothOrders, type Ends, type Options, type Side } from "./race/bothOrders.ts";
export { type Checkpoint, points } from "./race/points.ts";
export { backendPid, NeverBlocked, type Patience, untilAnyBlocked, untilBlocked } from "./race/untilBlocked.ts";
