/** The host's refusal as an Error with a code. */
import type { ErrorCode, Failure, Issue, Reason } from "./contract";

export class HostError extends Error implements Failure {
  override readonly name = "HostError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Milliseconds after which a retry makes sense, if known. */
  readonly retryAfterMs: number | null;
  /** Every invalid field of a request. */
  readonly issues: Issue[] | null;
  readonly details: Record<string, string | number> | null;
  readonly reason: Reason | null;
  /** The provider's own error text, which the message contains as well. */
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

/** An error that the page itself raises, without the host. */
export const pageError = (code: ErrorCode, message: string, retryable: boolean): HostError =>
  new HostError({ ...plain, code, message, retryable });

/** The host cannot be reached; the call may or may not have been carried out. */
export const hostLost = (message: string): HostError => pageError("HOST_LOST", message, true);

/** A request that the page already knows to be invalid. */
export const invalid = (message: string): HostError => pageError("VALIDATION", message, false);

/** Converts any thrown value to a failure. */
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
