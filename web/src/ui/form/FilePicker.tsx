/** Opens the system's file dialog from a button that the caller renders. */
import { type ComponentProps, type ReactNode, useRef } from "react";

export interface FilePickerProps extends Omit<ComponentProps<"input">, "children" | "type"> {
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: (open: () => void) => ReactNode;
}

export function FilePicker({ onFiles, children, ...input }: FilePickerProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      {children(() => field.current?.click())}
      <input
        {...input}
        ref={field}
        type="file"
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // So that the same file can be chosen again.
          target.value = "";
        }}
      />
    </>
  );
}
