import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { closePanel, isEmbedded } from "./embed";
import { useText } from "./words";

/** For the header: closes the panel on the bank's website; on a page of its own there is nothing to close. */
export function ClosePanel() {
  const text = useText();
  if (!isEmbedded()) return null;
  return (
    <Button look="quiet" aria-label={text.embed.close} onClick={closePanel}>
      <Icon name="close" />
    </Button>
  );
}
