import type { ReactNode, SVGProps } from "react";

/** Icons on a 16-px grid, strokes of 1.5; they take the colour of the text beside them. */
function Icon({ children, ...rest }: SVGProps<SVGSVGElement> & { children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      {children}
    </svg>
  );
}

type Props = SVGProps<SVGSVGElement>;

export const PendingIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" strokeDasharray="2.2 2.5" />
  </Icon>
);
export const RunningIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" opacity="0.3" />
    <path d="M8 2a6 6 0 0 1 6 6" />
    <circle cx="8" cy="8" r="1.6" fill="currentColor" stroke="none" />
  </Icon>
);
export const WaitingIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 4.8V8l2.2 1.5" />
  </Icon>
);
export const SuspendedIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="M6.5 6v4M9.5 6v4" />
  </Icon>
);
export const HeldIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M5.5 2h5L14 5.500v5L10.500 14h-5L2 10.500v-5z" />
    <path d="M5.500 8h5" />
  </Icon>
);
export const CancelledIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="M4 12 12 4" />
  </Icon>
);
export const FaultedIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 4.8v3.6M8 11v.1" />
  </Icon>
);
export const CompletedIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="m5.4 8.2 1.8 1.8 3.4-3.8" />
  </Icon>
);
export const SkippedIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" strokeDasharray="2.2 2.5" />
    <path d="M5.5 8h5" />
  </Icon>
);
export const IdleIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="2.5" />
  </Icon>
);
export const WebhookIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M2 8h8M7 4.500 10.500 8 7 11.500" />
    <path d="M13.500 3v10" />
  </Icon>
);
export const OrderIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M3 5.5 8 3l5 2.5v5L8 13l-5-2.5z" />
    <path d="M3 5.5 8 8l5-2.5M8 8v5" />
  </Icon>
);

export const ConnectorIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M5 2.500v3M11 2.500v3M3.500 5.500h9v2.500a4.500 4.500 0 0 1-9 0zM8 12.500v2" />
  </Icon>
);

export const ReadinessIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m2.500 4.300 1.200 1.200 2-2.200M2.500 10.800l1.200 1.200 2-2.200" />
    <path d="M8.500 4.500h5M8.500 11h5" />
  </Icon>
);

export const InboxIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M2.5 9.5 4 3.5h8l1.5 6v3h-11ZM2.5 9.5h3l1 1.5h3l1-1.5h3" />
  </Icon>
);

export const ExceptionIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 2.5 14 13H2Z M8 6.5v3 M8 11.2v.1" />
  </Icon>
);

export const DeployIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 10.5v-8M5 5.5l3-3 3 3M2.5 10v2.5a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V10" />
  </Icon>
);

export const DocumentIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M9 2H4.500v12h7V4.500z" />
    <path d="M9 2v2.500h2.500M6.500 8h3M6.500 10.500h3" />
  </Icon>
);

export const RunsIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="3.5" cy="3.5" r="1.5" />
    <circle cx="12.5" cy="12.5" r="1.5" />
    <path d="M5 3.5h4.5a2.25 2.25 0 0 1 0 4.5h-3a2.25 2.25 0 0 0 0 4.5H11" />
  </Icon>
);
export const SearchIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3 3" />
  </Icon>
);
export const CloseIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const AuditIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 1.800 13 3.500v4c0 3.300-2.100 5.500-5 6.700-2.900-1.200-5-3.400-5-6.700v-4z" />
    <path d="M5.800 8 7.400 9.600l3-3.200" />
  </Icon>
);
export const LockIcon = (props: Props) => (
  <Icon {...props}>
    <rect x="3.5" y="7" width="9" height="6.5" rx="1.5" />
    <path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2" />
  </Icon>
);
export const ChevronIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m6 4 4 4-4 4" />
  </Icon>
);
export const UpIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 13V3M4 7l4-4 4 4" />
  </Icon>
);
export const SortIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m5 6.5 3-3 3 3M5 9.5l3 3 3-3" />
  </Icon>
);
export const SendIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M13.5 2.5 7.2 8.8M13.5 2.5l-4 11-2.3-4.7-4.7-2.3z" />
  </Icon>
);
export const CopyIcon = (props: Props) => (
  <Icon {...props}>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
  </Icon>
);
export const CompassIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="8" r="6" />
    <path d="m10.4 5.6-1.5 3.3-3.3 1.5 1.5-3.3z" />
  </Icon>
);
export const CallIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M2.5 8h11M9.5 4l4 4-4 4" />
  </Icon>
);
export const BranchIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 2.5v4M8 6.5 3.5 11v2.5M8 6.5l4.5 4.500v2.5" />
  </Icon>
);
export const SetIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M3 4.500h10M3 8h10M3 11.500h6" />
  </Icon>
);
export const RaiseIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M8 2.5 14 13H2z" />
    <path d="M8 6.800v2.800M8 11.400v.1" />
  </Icon>
);
export const GroupIcon = (props: Props) => (
  <Icon {...props}>
    <rect x="2.5" y="2.5" width="11" height="11" rx="2" strokeDasharray="2.2 2.2" />
  </Icon>
);
export const PasskeyIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="5.25" cy="10.75" r="3.25" />
    <path d="M7.600 8.400 13.500 2.500M10.200 5.800l2.300 2.300" />
  </Icon>
);
export const ClientIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M3 13.500V3.500A1 1 0 0 1 4 2.500h5a1 1 0 0 1 1 1v10M10 6.500h2a1 1 0 0 1 1 1v6M1.500 13.500h13M5.500 5.500h2M5.500 8.500h2" />
  </Icon>
);
export const LibraryIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M3 2.500v11M6.500 2.500v11M3 2.500h3.500M3 13.500h3.500M9.200 3.200l3.300-.7 2 10.300-3.300.7z" />
  </Icon>
);
