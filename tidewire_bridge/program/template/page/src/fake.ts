/** Stands for the program when the address has ?bridge=fake; it compiles only when complete. */
import type { Handlers } from "./contract";

export const handlers: Handlers = {
  tide: {
    mean: (heights) => heights.reduce((sum, height) => sum + height, 0) / heights.length,
    async *readings(count) {
      for (let minute = 0; minute < count; minute += 1) yield { minute, metres: 1 + minute / 10 };
    },
  },
};
