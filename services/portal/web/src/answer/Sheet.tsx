import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { brandQuery } from "../api/queries";
import { BrandMark } from "../frame/BrandMark";
import { LanguageChoice } from "../frame/LanguageChoice";
import { useTexts } from "../texts/texts";
import classes from "./AnswerPage.module.css";

interface Props {
  title: string;
  facts?: ReactNode;
  children: ReactNode;
}

/** The partner's sheet around what a mailed link opens: mark, whose it is, whom to ask. */
export function Sheet({ title, facts, children }: Props) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  return (
    <div className={classes.page}>
      <main className={classes.sheet}>
        <div className={classes.head}>
          <div className={classes.brand}>
            <BrandMark brand={brand} size={32} named />
          </div>
          <LanguageChoice />
        </div>
        <h1 className={classes.title} dir="auto">
          {title}
        </h1>
        {facts && <p className={classes.whose}>{facts}</p>}
        {children}
        {brand.support_email && (
          <p className={classes.help}>
            {texts.needHelp} <a href={`mailto:${brand.support_email}`}>{brand.support_email}</a>
          </p>
        )}
      </main>
    </div>
  );
}
