/** Opens the system's file dialog. */
import { strings } from "../../i18n";
import { FilePicker, type FilePickerProps } from "../../ui/form/FilePicker";
import { IconButton } from "../../ui/IconButton";
import { AttachIcon } from "../../ui/icons";

export function AttachButton({ onFiles }: Pick<FilePickerProps, "onFiles">) {
  return (
    // All file types are allowed: an extension does not tell whether a file is text.
    <FilePicker multiple data-attach="" onFiles={onFiles}>
      {(open) => (
        <IconButton label={strings.attachments.attach} onClick={open}>
          <AttachIcon />
        </IconButton>
      )}
    </FilePicker>
  );
}
