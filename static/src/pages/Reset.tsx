// What a link to set a password opens. The token stays in the fragment of the address.
import { type FormEvent, useState } from "react";
import { asProblem } from "../app/asked";
import { api } from "../app/client";
import { Frame } from "../app/Frame";
import { linkTo } from "../app/router";
import { Notice } from "../design/Bits";
import { Button, buttonClass } from "../design/Button";
import { Field } from "../design/Field";
import { useTexts } from "../texts";

const PASSWORD_MIN = 10;

export function Reset() {
  const t = useTexts();
  const [token] = useState(() => location.hash.slice(1));
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string>();
  const [state, setState] = useState<"asking" | "busy" | "done">("asking");

  const save = async (event: FormEvent) => {
    event.preventDefault();
    setState("busy");
    try {
      await api.post("/auth/reset", { token, new: password }, { open: true });
      setState("done");
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      setFault(code === "not_found" ? t.reset.spent : t.problem(code, retryAfter));
      setState("asking");
    }
  };

  if (state === "done")
    return (
      <Frame narrow>
        <div className="stack">
          <h1>{t.reset.done}</h1>
          <a className={buttonClass({ look: "primary", size: "large" })} {...linkTo("/sign-in")}>
            {t.signIn.title}
          </a>
        </div>
      </Frame>
    );
  return (
    <Frame narrow>
      <form className="stack" onSubmit={(event) => void save(event)}>
        <h1>{t.reset.title}</h1>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        <Field
          label={t.reset.password}
          hint={t.reset.hint(PASSWORD_MIN)}
          type="password"
          name="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          autoFocus
        />
        <Button
          type="submit"
          look="primary"
          size="large"
          wide
          isPending={state === "busy"}
          isDisabled={password.length < PASSWORD_MIN}
        >
          {t.reset.save}
        </Button>
      </form>
    </Frame>
  );
}
