// Signing in with address and password. In a demo it also offers its people, so that a stranger is inside with one click.
import { type FormEvent, useEffect, useState } from "react";
import { asProblem } from "../app/asked";
import { api } from "../app/client";
import { become } from "../app/arrival";
import { Frame } from "../app/Frame";
import { go, linkTo } from "../app/router";
import type { DemoCast } from "../app/resources";
import { Disc, Notice } from "../design/Bits";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import type { Renewal } from "../session/identity";
import { useTexts } from "../texts";

export function SignIn({ next }: { next: string }) {
  const t = useTexts();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await become(await api.post<Renewal>("/auth/token", { email, password }, { open: true }), { elsewhere: true });
      go(next, { replace: true });
    } catch (error) {
      const problem = asProblem(error);
      setFault(problem.code === "wrong_credentials" ? t.signIn.wrong : t.problem(problem.code, problem.retryAfter));
      setBusy(false);
    }
  };

  return (
    <Frame narrow>
      <form className="stack" onSubmit={(event) => void enter(event)}>
        <h1>{t.signIn.title}</h1>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        <Field
          label={t.signIn.email}
          type="email"
          name="email"
          autoComplete="username"
          required
          value={email}
          onChange={setEmail}
          autoFocus
        />
        <Field
          label={t.signIn.password}
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
        />
        <Button
          type="submit"
          look="primary"
          size="large"
          wide
          isPending={busy}
          isDisabled={email === "" || password === ""}
        >
          {t.signIn.enter}
        </Button>
      </form>
      <Forgotten email={email} />
      <Cast />
    </Frame>
  );
}

/** A link to set a new password, by letter; where no letters are sent, it says who can give one. */
function Forgotten({ email }: { email: string }) {
  const t = useTexts();
  const [said, setSaid] = useState<string>();
  const ask = async () => {
    try {
      await api.post("/auth/forgotten", { email }, { open: true });
      setSaid(t.signIn.sent);
    } catch (error) {
      const problem = asProblem(error);
      setSaid(problem.code === "feature_off" ? t.signIn.handed : t.problem(problem.code, problem.retryAfter));
    }
  };
  return (
    <div className="stack-tight">
      <p>
        <Button size="small" isDisabled={email === ""} onPress={() => void ask()}>
          {t.signIn.forgotten}
        </Button>
      </p>
      <p className="soft small" role="status">
        {said}
      </p>
    </div>
  );
}

/** The people of a demo; nothing where there is none. */
function Cast() {
  const t = useTexts();
  const [cast, setCast] = useState<DemoCast["cast"]>([]);
  useEffect(() => {
    api.get<DemoCast>("/demo", { open: true }).then(
      (demo) => setCast(demo.cast),
      () => undefined,
    );
  }, []);
  if (cast.length === 0) return null;
  return (
    <section className="cast" aria-labelledby="cast">
      <h2 id="cast">{t.demo.title}</h2>
      <p className="soft">{t.demo.text}</p>
      <ul role="list" className="stack-tight">
        {cast.map(({ name, role }) => (
          <li key={name}>
            <a className="cast-person" {...linkTo(`/demo/${encodeURIComponent(name.toLowerCase())}`)}>
              <Disc name={name} />
              <span className="grow">{name}</span>
              <span className="soft small">{t.roles[role]}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
