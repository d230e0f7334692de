import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Imports run `chat → ui, api`; never across screens, never back (style.md §11). */
const screens = ["chat", "desk", "admin", "widget"];

function mayNotImport(folder, rooms) {
  return {
    files: [`src/${folder}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: rooms.flatMap((room) => [`**/${room}/**`, `**/${room}`]),
              message: `src/${folder} may not import from ${rooms.join(", ")}.`,
            },
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.ts", "test-results", "playwright-report"] },
  {
    files: ["src/**/*.{ts,tsx}", "e2e/**/*.ts", "*.config.ts"],
    extends: [tseslint.configs.strictTypeChecked, reactHooks.configs.flat.recommended],
    languageOptions: {
      parserOptions: { project: ["tsconfig.json", "tsconfig.node.json"], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // An assertion is an exception that gives its reason in a disable comment.
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportAllDeclaration", message: "No barrel files." },
        { selector: "JSXAttribute[name.name='style']", message: "No inline style: the content policy is 'self'." },
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Text is text." },
      ],
    },
  },
  mayNotImport("api", ["ui", ...screens]),
  mayNotImport("ui", ["api", ...screens]),
  ...screens.map((screen) =>
    mayNotImport(
      screen,
      // The widget is a guest on the bank's page and brings its own look.
      [...screens.filter((other) => other !== screen), ...(screen === "widget" ? ["ui"] : [])],
    ),
  ),
);
