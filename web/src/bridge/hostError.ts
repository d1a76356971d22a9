/** Why the host said no, as an Error that a page can act on. */
import type { ErrorCode, Failure, Issue, Reason } from "./contract";

export class HostError extends Error implements Failure {
  override readonly name = "HostError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Milliseconds after which it is worth trying again, where somebody said so. */
  readonly retryAfterMs: number | null;
  /** Every wrong field of a request. */
  readonly issues: Issue[] | null;
  readonly details: Record<string, string | number> | null;
  readonly reason: Reason | null;
  /** A provider's own; they stand in the message, too. */
  readonly words: string | null;

  constructor(failure: Failure) {
    super(failure.message);
    this.code = failure.code;
    this.retryable = failure.retryable;
    this.retryAfterMs = failure.retryAfterMs;
    this.issues = failure.issues;
    this.details = failure.details;
    this.reason = failure.reason ?? null;
    this.words = failure.words ?? null;
  }
}

/** The host cannot be reached; what it was asked may or may not have happened. */
export const hostLost = (message: string): HostError =>
  new HostError({ ...plain, code: "HOST_LOST", message, retryable: true });

/** The page itself can tell that the host would refuse this. */
export const invalid = (message: string): HostError =>
  new HostError({ ...plain, code: "VALIDATION", message, retryable: false });

/** The failure in whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (isFailure(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : "Unknown error";
  return { ...plain, code: "UNKNOWN_ERROR", message, retryable: false };
}

const plain = { retryAfterMs: null, issues: null, details: null };

function isFailure(thrown: unknown): thrown is Failure {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "code" in thrown &&
    typeof thrown.code === "string" &&
    "message" in thrown &&
    typeof thrown.message === "string"
  );
}
