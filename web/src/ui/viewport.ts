/**
 * The height that is really seen. A phone's keyboard covers the page instead of shrinking it (Safari always,
 * Chrome where `interactive-widget` is unknown), and only `visualViewport` knows; `--viewport` tells the styles.
 */
export function followViewport(): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const measure = (): void => {
    // Zoomed in with two fingers, the customer looks at a part of the page; the page itself is as high as before.
    if (Math.abs(viewport.scale - 1) > 0.01) return;
    document.documentElement.style.setProperty("--viewport", `${Math.round(viewport.height)}px`);
    // Safari scrolls the page to show the field; it is in view already, and the header would be lost.
    if (viewport.offsetTop > 0) window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", measure);
  viewport.addEventListener("scroll", measure);
  measure();
}
