/** The error that the fake host throws where the real one refuses a call. */
import type { ErrorCode, Failure } from "../contract";
import { HostError } from "../hostError";
import { isRetryable } from "./run";

export function refusal(
  code: ErrorCode,
  message: string,
  details: Failure["details"] = null,
): HostError {
  const retryable = isRetryable(code);
  return new HostError({ code, message, retryable, retryAfterMs: null, issues: null, details });
}
