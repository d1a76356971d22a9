/** What a tool may do, in the order in which it is shown. */
import type { Flag } from "../bridge/contract";

export const FLAGS: readonly Flag[] = ["reads", "brings", "sends"];
