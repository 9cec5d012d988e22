// My certificates: to print, to show somebody by a link, and whether whoever checks one is told my name.
import { useState } from "react";
import { useActing } from "../../app/acting";
import { useLoaded } from "../../app/asked";
import { all, changeNow, type Certificate } from "../../app/learning";
import { linkTo } from "../../app/router";
import { saveFile } from "../../app/saving";
import { Empty, Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Toggle } from "../../design/Field";
import { useFormats, useTexts } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Head, Shown } from "./Parts";

export function Certificates({ me }: { me: string }) {
  const l = useLearningTexts();
  const asked = useLoaded(() => all<Certificate>(`/bootcamp/certificates?userId=${me}`), [me]);
  return (
    <>
      <Head title={l.certificates.title} up={["/courses", l.courses.title]} />
      <Shown asked={asked}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="star" title={l.certificates.none}>
              {l.certificates.noneText}
            </Empty>
          ) : (
            <ul role="list" className="stack">
              {items.map((each) => (
                <li key={each.id}>
                  <One certificate={each} again={asked.again} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

function One({ certificate, again }: { certificate: Certificate; again(): void }) {
  const l = useLearningTexts();
  const t = useTexts();
  const formats = useFormats();
  const { busy, fault, act } = useActing();
  const [copied, setCopied] = useState<"yes" | "no">();
  const { certificateNumber: number, isRevoked, revokedReason, expiryDate } = certificate;
  const title = certificate.metadata.course_title;
  const path = `/verify/${number}`;
  const address = `${location.origin}${path}`;
  const print = () => void act(() => saveFile(`/bootcamp/certificates/${certificate.id}/pdf`, `${number}.pdf`));
  const share = () =>
    navigator.clipboard.writeText(address).then(
      () => setCopied("yes"),
      () => setCopied("no"),
    );
  const show = (showsHolder: boolean) =>
    void act(async () => {
      await changeNow(`/bootcamp/certificates/${certificate.id}`, { showsHolder });
      again();
    });
  return (
    <article className={`card certificate ${isRevoked ? "certificate-revoked" : ""}`} aria-label={title}>
      <div>
        <h2 className="words">{title}</h2>
        {certificate.metadata.distinction !== undefined && <p>{certificate.metadata.distinction}</p>}
        <p className="soft small">
          {l.certificates.issued(formats.date(certificate.issueDate))}
          {expiryDate !== undefined && ` · ${l.certificates.until(formats.date(expiryDate))}`} ·{" "}
          <span className="numbers">{number}</span>
        </p>
      </div>
      {isRevoked ? (
        <Notice kind="fault">
          {l.certificates.revoked}
          {revokedReason !== undefined && ` ${revokedReason}`}
        </Notice>
      ) : (
        <>
          <div className="row wrap">
            <Button look="primary" icon="download" isPending={busy} onPress={print}>
              {l.certificates.print}
            </Button>
            <Button look="edged" icon="link" onPress={() => void share()}>
              {l.certificates.share}
            </Button>
            <a className="button" {...linkTo(path)}>
              {l.certificates.look}
            </a>
            <span className="soft small" role="status">
              {copied === "yes" ? t.common.copied : copied === "no" ? address : ""}
            </span>
          </div>
          <Toggle on={certificate.showsHolder} onChange={show}>
            {l.certificates.showName}
          </Toggle>
        </>
      )}
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
    </article>
  );
}
