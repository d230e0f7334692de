import type { Greeting } from "../api/client";
import { Icon } from "../ui/Icon";
import styles from "./contact.module.css";
import { useIsShared } from "./device";
import type { Text } from "./ko";
import { useText } from "./words";

interface Props {
  readonly phones: Greeting["phones"] | null;
}

/** The numbers a person answers, and what to know before typing. On a phone only the numbers remain. */
export function Contact({ phones }: Props) {
  const text = useText();
  return (
    <aside className={styles.contact} aria-label={text.contact.aside}>
      {phones === null ? null : (
        <section className={styles.strip} aria-label={text.contact.name}>
          <h2 className={styles.heading}>{text.contact.name}</h2>
          <ul className={styles.phones}>
            {phonesIn(phones, text).map(({ name, number }) => (
              <Phone key={name} name={name} number={number} />
            ))}
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

/** The same numbers as items of the menu, where there is no room for them beside the conversation. */
export function PhoneItems({ phones }: { readonly phones: Greeting["phones"] }) {
  const text = useText();
  return phonesIn(phones, text).map(({ name, number }) => (
    <li key={name} className={styles.item}>
      <a href={`tel:${number}`}>
        <Icon name="phone" size={18} />
        {text.menu.call(name, number)}
      </a>
    </li>
  ));
}

/** The numbers this screen has a name for. */
function phonesIn(phones: Greeting["phones"], text: Text): { readonly name: string; readonly number: string }[] {
  const named: [string, string | undefined][] = [
    [text.contact.customerCenter, phones.customer_center],
    [text.contact.emergency, phones.emergency],
  ];
  return named.flatMap(([name, number]) => (number === undefined ? [] : [{ name, number }]));
}

function Phone({ name, number }: { readonly name: string; readonly number: string }) {
  const isShared = useIsShared();
  const shown = (
    <>
      <Icon name="phone" size={18} />
      <span className={styles.phoneName}>{name} </span>
      <span className={styles.number}>{number}</span>
    </>
  );
  return <li>{isShared ? <p className={styles.phone}>{shown}</p> : <a className={styles.phone} href={`tel:${number}`}>{shown}</a>}</li>;
}
