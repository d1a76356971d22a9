/** Icons by their meaning on this page. Directional ones are mirrored with the writing direction. */
import {
  ArrowDown,
  ArrowUp,
  Check,
  ChevronDown,
  ChevronLeft,
  ChevronRight,
  Copy,
  Download,
  Ellipsis,
  Eye,
  File,
  Folder,
  FoldVertical,
  Ghost,
  Image,
  Lightbulb,
  type LucideIcon,
  PanelLeft,
  Paperclip,
  Pencil,
  Pin,
  Plus,
  RotateCw,
  Search,
  Server,
  Share,
  SlidersHorizontal,
  Square,
  SquarePen,
  Star,
  StepForward,
  Trash2,
  UnfoldVertical,
  WrapText,
  Wrench,
  X,
} from "lucide-react";

const icon =
  (Drawing: LucideIcon, fill = "none") =>
  () => <Drawing className="icon" fill={fill} focusable="false" />;

const turning = (Drawing: LucideIcon) => () => (
  <Drawing className="icon turning" focusable="false" />
);

export const SendIcon = icon(ArrowUp);
export const StopIcon = icon(Square, "currentColor");
export const UpIcon = icon(ArrowUp);
export const DownIcon = icon(ArrowDown);
export const NewChatIcon = icon(SquarePen);
export const CopyIcon = icon(Copy);
export const CheckIcon = icon(Check);
export const EditIcon = icon(Pencil);
export const RedoIcon = icon(RotateCw);
export const ShorterIcon = icon(FoldVertical);
export const LongerIcon = icon(UnfoldVertical);
export const ContinueIcon = turning(StepForward);
export const PreviousIcon = turning(ChevronLeft);
export const NextIcon = turning(ChevronRight);
export const SidebarIcon = turning(PanelLeft);
export const SearchIcon = icon(Search);
export const ExportIcon = icon(Share);
export const RemoveIcon = icon(Trash2);
export const PinIcon = icon(Pin);
export const MoreIcon = icon(Ellipsis);
export const CloseIcon = icon(X);
export const GhostIcon = icon(Ghost);
export const ImportIcon = icon(Download);
export const ChevronIcon = icon(ChevronDown);
export const FolderIcon = icon(Folder);
export const PlusIcon = icon(Plus);
export const SettingsIcon = icon(SlidersHorizontal);
export const EyeIcon = icon(Eye);
export const WrapIcon = turning(WrapText);
export const ToolIcon = icon(Wrench);
export const ThoughtIcon = icon(Lightbulb);
export const AttachIcon = icon(Paperclip);
export const ServerIcon = icon(Server);
export const FileIcon = icon(File);
export const PictureIcon = icon(Image);

const FullStar = icon(Star, "currentColor");
const EmptyStar = icon(Star);
export const StarIcon = ({ isFull = false }: { readonly isFull?: boolean }) =>
  isFull ? <FullStar /> : <EmptyStar />;
