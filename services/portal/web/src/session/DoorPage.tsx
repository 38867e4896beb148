import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { brandQuery } from "../api/queries";
import { BrandMark } from "../frame/BrandMark";
import { LanguageChoice } from "../frame/LanguageChoice";
import { useTexts } from "../texts/texts";
import classes from "./DoorPage.module.css";

/** What stands before the pages: a card with the brand, and whom to ask. */
export function DoorPage({ title, children }: { title: string; children: ReactNode }) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  return (
    <div className={classes.page}>
      <main className={classes.card}>
        <BrandMark brand={brand} size={40} />
        <h1 className={classes.title}>{title}</h1>
        {children}
        {brand.support_email && (
          <p className={classes.help}>
            {texts.needHelp} <a href={`mailto:${brand.support_email}`}>{brand.support_email}</a>
          </p>
        )}
      </main>
      <footer className={classes.foot}>
        <LanguageChoice />
      </footer>
    </div>
  );
}
