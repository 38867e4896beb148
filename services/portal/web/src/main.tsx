import "./styles/layers.css";
import "./styles/mantine";
import "./styles/tokens.css";
import "./styles/states.css";
import "./styles/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { follow } from "./api/attention";
import { App } from "./app/App";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the application");
follow(window);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
