/** The files of a resource or prompt, which are checked like those that a person chooses. */
import type { McpContents } from "../../bridge/contract";
import { fromBase64 } from "../../lib/blobs";

export function filesOf({ files }: McpContents): readonly File[] {
  return files.map(
    ({ name, mediaType, data }) => new File([fromBase64(data)], name, { type: mediaType }),
  );
}
