import { Component, type ReactNode } from "react";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import styles from "./mishap.module.css";

/**
 * What stands there when drawing the screen failed, instead of nothing. In both languages and without anything the
 * screen knows, for that may be what it stumbled over.
 */
export class Mishap extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <main className={styles.mishap}>
        <title>AI 상담</title>
        <Notice tone="danger">
          <h1 className={styles.title}>화면을 표시하지 못했습니다.</h1>
          <p>새로 고쳐 주세요. 같은 일이 되풀이되면 고객센터로 전화해 주세요.</p>
          <p lang="en">The screen could not be shown. Please reload; if it happens again, please call the bank.</p>
        </Notice>
        <Button
          look="primary"
          onClick={() => {
            window.location.reload();
          }}
        >
          새로 고침 · <span lang="en">Reload</span>
        </Button>
      </main>
    );
  }
}
