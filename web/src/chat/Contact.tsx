import type { Greeting } from "../api/client";
import { Icon } from "../ui/Icon";
import styles from "./contact.module.css";
import { useText } from "./words";

/** The numbers a person answers, and what to know before typing. On a phone only the numbers remain. */
export function Contact({ phones }: { readonly phones: Greeting["phones"] | null }) {
  const text = useText();
  return (
    <aside className={styles.contact}>
      {phones === null ? null : (
        <section aria-label={text.contact.name}>
          <h2 className={styles.heading}>{text.contact.name}</h2>
          <ul className={styles.phones}>
            {phones.customer_center === undefined ? null : (
              <Phone name={text.contact.customerCenter} number={phones.customer_center} />
            )}
            {phones.emergency === undefined ? null : (
              <Phone name={text.contact.emergency} number={phones.emergency} />
            )}
          </ul>
        </section>
      )}
      <section className={styles.notes} aria-label={text.notes.name}>
        <h2 className={styles.heading}>{text.notes.name}</h2>
        <ul>
          {text.notes.lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
    </aside>
  );
}

function Phone({ name, number }: { readonly name: string; readonly number: string }) {
  return (
    <li>
      <a className={styles.phone} href={`tel:${number}`}>
        <Icon name="phone" size={18} />
        <span className={styles.phoneName}>{name}</span>
        <span className={styles.number}>{number}</span>
      </a>
    </li>
  );
}
