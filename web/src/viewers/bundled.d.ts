// The bundler gives style sheets as texts.
declare module "*.css" {
  const text: string;
  export default text;
}

// And the words of viewers by their keys.
declare module "*.ftl" {
  const words: Record<string, string>;
  export default words;
}
