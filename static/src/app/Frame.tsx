// What surrounds every page but the room: the name of the place, who one is, language and light.
import type { ReactNode } from "react";
import { IconButton } from "../design/Button";
import { type ActGroup, MenuButton } from "../design/Menu";
import { LANGUAGES, useLanguage, useTexts } from "../texts";
import { api, identity, kept } from "./client";
import { go, linkTo, usePath } from "./router";
import { chooseScheme, chosenScheme, type Scheme } from "./scheme";
import "./frame.css";

export interface FrameProps {
  children: ReactNode;
  /** The narrow column of a page with one thing to do. */
  narrow?: boolean;
  signedIn?: boolean;
}

export function Frame({ children, narrow = false, signedIn = false }: FrameProps) {
  const t = useTexts();
  return (
    <div className="frame">
      <a className="skip" href="#main">
        {t.common.skip}
      </a>
      <header className="frame-head">
        <a className="brand" {...linkTo("/")}>
          <Mark />
          Atelier
        </a>
        <span className="grow" />
        {signedIn && identity.guestOf === null && <Ways />}
        <Preferences signedIn={signedIn} />
      </header>
      <main id="main" tabIndex={-1} className={narrow ? "page page-narrow" : "page"}>
        {children}
      </main>
    </div>
  );
}

/** To the other parts of the place; who was invited to one session has none. */
function Ways() {
  const t = useTexts();
  const path = usePath();
  const ways: [string, string, RegExp][] = [
    ["/", t.ways.sessions, /^\/(sessions\/.*)?$/],
    ["/workbook", t.ways.workbook, /^\/workbook/],
    ["/courses", t.ways.courses, /^\/(courses|grading|submissions|reviews|certificates)/],
  ];
  return (
    <nav className="frame-ways" aria-label={t.ways.title}>
      {ways.map(([to, label, here]) => (
        <a
          key={to}
          className="frame-way"
          {...(here.test(path.replace(/\?.*/, "")) ? { "aria-current": "page" as const } : {})}
          {...linkTo(to)}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 3 3 20h5l1.300-3h5.400L16 20h5L12 3Zm0 6.500 1.600 4h-3.200l1.600-4Z" />
    </svg>
  );
}

const SCHEMES: readonly Scheme[] = ["system", "light", "dark"];

export function usePreferences(): ActGroup[] {
  const t = useTexts();
  const { language, speak } = useLanguage();
  const now = chosenScheme();
  return [
    {
      heading: t.preferences.scheme,
      acts: SCHEMES.map((scheme) => ({
        id: `scheme-${scheme}`,
        label: t.preferences.schemes[scheme],
        icon: scheme === "dark" ? "moon" : scheme === "light" ? "sun" : "gear",
        ...(scheme === now ? { state: "✓" } : {}),
        run: () => chooseScheme(scheme),
      })),
    },
    {
      heading: t.preferences.language,
      acts: LANGUAGES.map(({ id, name }) => ({
        id: `language-${id}`,
        label: name,
        icon: "globe" as const,
        ...(id === language ? { state: "✓" } : {}),
        run: () => speak(id),
      })),
    },
  ];
}

export function Preferences({ signedIn }: { signedIn: boolean }) {
  const t = useTexts();
  const groups = usePreferences();
  const out: ActGroup = {
    acts: signedIn ? [{ id: "sign-out", label: t.preferences.signOut, icon: "exit", run: () => void signOut() }] : [],
  };
  const own: ActGroup = {
    acts:
      signedIn && identity.guestOf === null
        ? [
            { id: "certificates", label: t.ways.certificates, icon: "star", run: () => go("/certificates") },
            { id: "privacy", label: t.ways.privacy, icon: "shield", run: () => go("/privacy") },
          ]
        : [],
  };
  return (
    <MenuButton label={t.preferences.title} groups={[...groups, own, out]}>
      <IconButton icon="gear" label={t.preferences.title} />
    </MenuButton>
  );
}

async function signOut(): Promise<void> {
  try {
    await api.post("/auth/logout");
  } catch {
    // Signed out here in any case; the token ends by itself.
  }
  const user = identity.userId;
  identity.forget();
  // What this person wrote and did not send is nobody else's.
  for (const prefix of ["atelier.outbox.", "atelier.draft.", "atelier.seen.", "atelier.ballot."])
    for (const key of kept.keys(prefix)) if (user !== null && key.includes(`.${user}`)) kept.drop(key);
  go("/sign-in");
}
