// Shows this server's own document. Nothing is fetched from, or checked at, another host.
SwaggerUIBundle({
  url: "/v1/openapi.json",
  dom_id: "#viewer",
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
  deepLinking: true,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
});
