import { human } from "../display/names";
import { duration } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import classes from "./ByHandPage.module.css";
import type { Figure } from "./queries";

/** How often people had to do something at each step, and how long they were at it, as far as pages measured that. */
export function FigureTable({ items }: { items: readonly Figure[] }) {
  const { texts, language } = useTexts();
  const of = texts.touchColumns;
  if (items.length === 0) return <p className={classes.none}>{texts.noTouches}</p>;
  const cell = (name: string, value: string) => (
    <td role="cell" className={`${classes.number} numbers`}>
      <span className={classes.label}>{name}: </span>
      {value}
    </td>
  );
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return (
    <Listing
      label={texts.touches}
      columns={[
        [of.step],
        [of.touches, classes.number],
        [of.perEntity, classes.number],
        [of.people, classes.number],
        [of.active, classes.number],
        [of.each, classes.number],
        [of.estimated, classes.number],
      ]}
      shown={texts.touchSteps(items.length)}
      more={false}
      loading={false}
      onMore={() => undefined}
    >
      {items.map(one => (
        <tr role="row" key={`${one.kind} ${one.step}`} className={`${listing.row} ${classes.row}`}>
          <td role="cell" className={classes.cell}>
            <bdi>{human((one.step ?? "").replaceAll(".", " "))}</bdi>
            <span className={classes.words}>{human(one.kind)}</span>
          </td>
          {cell(of.touches, number.format(one.touches))}
          {cell(of.perEntity, number.format(one.touches_per_entity))}
          {cell(of.people, number.format(one.people))}
          {cell(of.active, one.measured ? duration(language, one.seconds_measured * 1000) : "–")}
          {cell(
            of.each,
            one.measured ? duration(language, (one.seconds_measured / one.measured) * 1000) : "–",
          )}
          {cell(of.estimated, one.estimated ? duration(language, one.seconds_estimated * 1000) : "–")}
        </tr>
      ))}
    </Listing>
  );
}
