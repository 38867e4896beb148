import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorSchemeManager,
  type MantineColorsTuple,
  Tooltip,
} from "@mantine/core";

const brand = Array.from({ length: 10 }, () => "var(--accent)") as unknown as MantineColorsTuple;

/** Mantine in our roles: what it paints comes from the same custom properties as what we paint. */
export const theme = createTheme({
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  radius: { xs: "4px", sm: "6px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "sm",
  colors: { brand },
  primaryColor: "brand",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    // A hint is part of the page's content, also to those who go from landmark to landmark.
    Tooltip: Tooltip.extend({ defaultProps: { portalProps: { target: "#content" } } }),
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-font-weight-medium": "600",
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--muted)",
    "--mantine-color-placeholder": "var(--muted)",
    "--mantine-color-bright": "var(--text)",
    "--mantine-color-error": "var(--danger)",
    "--mantine-color-default": "var(--raised)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-color-brand-filled": "var(--accent)",
    "--mantine-color-brand-filled-hover": "color-mix(in oklab, var(--accent) 90%, var(--text))",
    "--mantine-color-brand-light": "var(--accent-soft)",
    "--mantine-color-brand-light-hover": "var(--accent-soft)",
    "--mantine-color-brand-light-color": "var(--accent)",
    "--mantine-primary-color-contrast": "var(--on-accent)",
    "--mantine-color-white": "var(--on-accent)",
    "--mantine-color-brand-contrast": "var(--on-accent)",
  },
  light: {},
  dark: {},
});

const KEPT = "color-scheme";

/** The same place that `scheme.js` reads before the first paint. */
export const schemes: MantineColorSchemeManager = {
  get(fallback) {
    try {
      const kept = localStorage.getItem(KEPT);
      return kept === "light" || kept === "dark" || kept === "auto" ? kept : fallback;
    } catch {
      return fallback;
    }
  },
  set(value) {
    try {
      localStorage.setItem(KEPT, value);
    } catch {
      // Storage is closed to this page: chosen for this visit.
    }
  },
  subscribe() {},
  unsubscribe() {},
  clear() {
    try {
      localStorage.removeItem(KEPT);
    } catch {
      // Nothing was kept.
    }
  },
};

/** The nonce that the server wrote into this page; styles that are made at run time carry it. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}
