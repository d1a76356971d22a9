/** Icons by their meaning on this page. Directional ones are mirrored with the writing direction. */
import * as Lucide from "lucide-react";

const icon =
  (Drawing: Lucide.LucideIcon, fill = "none") =>
  () => <Drawing className="icon" fill={fill} focusable="false" />;

const mirrored = (Drawing: Lucide.LucideIcon) => () => (
  <Drawing className="icon turning" focusable="false" />
);

export const SendIcon = icon(Lucide.ArrowUp);
export const StopIcon = icon(Lucide.Square, "currentColor");
export const UpIcon = icon(Lucide.ArrowUp);
export const DownIcon = icon(Lucide.ArrowDown);
export const NewChatIcon = icon(Lucide.SquarePen);
export const CopyIcon = icon(Lucide.Copy);
export const CheckIcon = icon(Lucide.Check);
export const EditIcon = icon(Lucide.Pencil);
export const RedoIcon = icon(Lucide.RotateCw);
export const ShorterIcon = icon(Lucide.FoldVertical);
export const LongerIcon = icon(Lucide.UnfoldVertical);
export const ContinueIcon = mirrored(Lucide.StepForward);
export const PreviousIcon = mirrored(Lucide.ChevronLeft);
export const NextIcon = mirrored(Lucide.ChevronRight);
export const SidebarIcon = mirrored(Lucide.PanelLeft);
export const SearchIcon = icon(Lucide.Search);
export const ExportIcon = icon(Lucide.Share);
export const RemoveIcon = icon(Lucide.Trash2);
export const PinIcon = icon(Lucide.Pin);
export const MoreIcon = icon(Lucide.Ellipsis);
export const CloseIcon = icon(Lucide.X);
export const GhostIcon = icon(Lucide.Ghost);
export const ImportIcon = icon(Lucide.Download);
export const ChevronIcon = icon(Lucide.ChevronDown);
export const FolderIcon = icon(Lucide.Folder);
export const PlusIcon = icon(Lucide.Plus);
export const SettingsIcon = icon(Lucide.SlidersHorizontal);
export const EyeIcon = icon(Lucide.Eye);
export const WrapIcon = mirrored(Lucide.WrapText);
export const ToolIcon = icon(Lucide.Wrench);
export const ThoughtIcon = icon(Lucide.Lightbulb);
export const AttachIcon = icon(Lucide.Paperclip);
export const ServerIcon = icon(Lucide.Server);
export const FileIcon = icon(Lucide.File);
export const PictureIcon = icon(Lucide.Image);

const FullStar = icon(Lucide.Star, "currentColor");
const EmptyStar = icon(Lucide.Star);
export const StarIcon = ({ isFull = false }: { readonly isFull?: boolean }) =>
  isFull ? <FullStar /> : <EmptyStar />;
