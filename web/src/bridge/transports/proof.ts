/** Proofs that host and page know the same secret, without sending it. */

const encoder = new TextEncoder();

/** HMAC-SHA-256 over the prover's role and the values of this connection, in hexadecimal. */
export async function prove(
  secret: string,
  side: "host" | "page",
  facts: readonly string[],
): Promise<string> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign"]);
  const text = [side, ...facts].join("\n");
  const proof = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return [...new Uint8Array(proof)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
