/// The style sheet of the HTML report: light, dark on screens that ask for it, and paper.
enum HTMLStyle {
    static let sheet = [tokens, base, head, server, ruler, findings, tables, print].joined(
        separator: "\n")

    private static let tokens = """
        :root {
          --paper: #fcfbf9; --surface: #fff; --sunk: #f5f3ef; --line: #e0dcd5; --line-2: #8a857b;
          --ink: #191b1e; --ink-2: #464b52; --ink-3: #62686f;
          --ok: #1b5a8e; --ok-soft: #dbe8f2; --bad: #b0261c; --bad-soft: #fbe8e5;
          --warn: #855000; --warn-soft: #f9eed8; --cfg: #4b5058; --on: #fff;
          --sans: ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif;
          --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
          color-scheme: light dark;
        }
        @media screen and (prefers-color-scheme: dark) {
          :root {
            --paper: #111315; --surface: #17191c; --sunk: #1d2023; --line: #303439;
            --line-2: #7e858d; --ink: #eceae6; --ink-2: #c2c5c9; --ink-3: #9ea4ab;
            --ok: #82b8ea; --ok-soft: #1b2f42; --bad: #ff9385; --bad-soft: #3a1d1a;
            --warn: #e6b563; --warn-soft: #352a15; --cfg: #a9aeb5; --on: #111315;
          }
        }
        """

    private static let base = """
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 var(--sans); font-variant-numeric: tabular-nums;
        }
        h1, h2, h3, h4, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
        ol, ul { list-style: none; }
        a { color: inherit; text-decoration-color: var(--line-2); text-underline-offset: 3px; }
        :focus-visible { outline: 2px solid var(--ok); outline-offset: 2px; }
        code, pre, .m { font-family: var(--mono); font-size: .92em; }
        code, .m { overflow-wrap: anywhere; }
        pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
        small, .s { font-size: 12.5px; color: var(--ink-3); }
        .bad { color: var(--bad); } .warn { color: var(--warn); } .ok { color: var(--ok); }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 8px; top: 8px; background: var(--ink); color: var(--paper); padding: 8px; }
        .page { max-width: 1400px; margin: 0 auto; padding: 0 16px 64px; }
        main { min-width: 0; max-width: 1120px; }
        section { padding-top: 56px; }
        h2 { font-size: 24px; line-height: 1.2; letter-spacing: -.015em; margin-bottom: 8px; }
        h4 { font-size: 12.5px; color: var(--ink-2); margin-bottom: 6px; }
        .lead { max-width: 70ch; color: var(--ink-2); margin-bottom: 20px; }
        nav { font-size: 13.5px; padding: 12px 0; border-bottom: 1px solid var(--line); }
        nav ul { display: flex; flex-wrap: wrap; gap: 2px 16px; }
        nav a { display: flex; gap: 8px; padding: 3px 0; text-decoration: none; color: var(--ink-2); }
        nav a:hover { text-decoration: underline; }
        nav a span { overflow-wrap: anywhere; }
        nav i { font-style: normal; margin-left: auto; color: var(--ink-3); }
        .brand { font-weight: 650; margin-bottom: 8px; }
        @media (min-width: 1180px) {
          .page { display: grid; grid-template-columns: 190px minmax(0, 1fr); column-gap: 56px; padding: 0 40px 64px; }
          nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; border: 0; padding-top: 34px; }
          nav ul { display: block; }
        }
        """

    private static let head = """
        header { padding-top: 30px; }
        h1 {
          font-size: clamp(26px, 1.35rem + 1.7vw, 40px); line-height: 1.14; letter-spacing: -.025em;
          max-width: 26ch; margin: 12px 0 16px; overflow-wrap: anywhere; text-wrap: balance;
        }
        h1 em { font-style: normal; color: var(--bad); }
        .do { font-size: 18px; line-height: 1.55; max-width: 66ch; color: var(--ink-2); overflow-wrap: anywhere; }
        .do code { color: var(--ink); }
        .answer { margin-top: 36px; border-top: 2px solid var(--ink); }
        .answer li { display: grid; gap: 2px 24px; padding: 13px 0; border-bottom: 1px solid var(--line); }
        .answer li > div { min-width: 0; overflow-wrap: anywhere; }
        .answer .hd { display: none; font-size: 12.5px; color: var(--ink-3); padding: 7px 0; }
        .answer .who a { font-weight: 640; font-size: 18px; }
        .answer .file { font: 620 13.5px var(--mono); }
        @media (min-width: 760px) {
          .answer li { grid-template-columns: minmax(150px, .85fr) minmax(0, 1.65fr) minmax(0, 1.6fr); }
          .answer .hd { display: grid; }
          .answer .rest { display: block; }
        }
        .tally { display: flex; flex-wrap: wrap; gap: 6px 22px; margin: 24px 0 16px; font-size: 14px; }
        .tally b { font-size: 18px; }
        .tally .z { color: var(--ink-3); }
        .scope { display: grid; gap: 4px; font-size: 14px; color: var(--ink-2); }
        """

    private static let server = """
        .srv { border-top: 2px solid var(--ink); margin-top: 56px; padding-top: 14px; }
        .srv h3 { font-size: 24px; letter-spacing: -.015em; line-height: 1.25; overflow-wrap: anywhere; }
        .srv h3 .m { font-weight: 400; font-size: 15px; color: var(--ink-2); margin-left: 6px; }
        .fault { font-size: 19px; line-height: 1.42; max-width: 64ch; margin: 12px 0 20px; overflow-wrap: anywhere; }
        .two { display: grid; gap: 16px; align-items: start; }
        @media (min-width: 900px) { .two { grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); } }
        .code { border: 1px solid var(--line); border-radius: 6px; background: var(--surface); min-width: 0; }
        .code > div { display: flex; flex-wrap: wrap; gap: 4px 10px; justify-content: space-between; align-items: center; padding: 7px 12px; border-bottom: 1px solid var(--line); font-size: 12.5px; color: var(--ink-2); }
        .code pre { padding: 10px 12px; font-size: 13px; line-height: 1.6; }
        .two h4 { margin-top: 16px; }
        .caution { font-size: 14px; color: var(--ink-2); margin-bottom: 8px; max-width: 64ch; }
        .code .del { background: var(--bad-soft); }
        .code .ln { color: var(--ink-3); }
        button { font: inherit; font-size: 12.5px; color: var(--ink-2); background: var(--surface); border: 1px solid var(--line-2); border-radius: 5px; padding: 2px 10px; cursor: pointer; }
        button:hover { color: var(--ink); border-color: var(--ink); }
        .more > summary { cursor: pointer; font-size: 14px; color: var(--ink-2); padding: 4px 0; text-decoration: underline; text-decoration-color: var(--line-2); }
        .more { margin-top: 12px; }
        """

    private static let ruler = """
        figure { margin-top: 36px; container: ruler / inline-size; }
        figcaption { font-weight: 620; margin-bottom: 8px; }
        .plot { position: relative; padding-bottom: 6px; --gutter: 204px; }
        .plot > .behind { position: absolute; inset: 0 0 0 var(--gutter); width: calc(100% - var(--gutter)); height: 100%; overflow: hidden; }
        .row { position: relative; display: grid; grid-template-columns: var(--gutter) minmax(0, 1fr); align-items: center; margin-bottom: 3px; }
        .row > svg { display: block; width: 100%; overflow: visible; }
        .lane { font-size: 12.5px; line-height: 14px; padding-right: 8px; min-width: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
        .lane small { font-size: 11px; }
        svg text { font-family: var(--sans); font-size: 11px; fill: var(--ink-2); }
        svg .ax { font-size: 12px; fill: var(--ink); }
        svg .hair { stroke: var(--line); }
        svg .brk { stroke: var(--line-2); stroke-width: 1.4; }
        svg .configured { fill: var(--cfg); }
        svg .permitted { fill: var(--ok); }
        svg .inspected { fill: var(--ok-soft); stroke: var(--ok); stroke-dasharray: 3 2; }
        svg .translated { fill: var(--ok-soft); stroke: var(--ok); }
        svg .bandb { fill: var(--bad); fill-opacity: .09; stroke: var(--bad); stroke-dasharray: 3 2; }
        svg .bandw { fill: var(--warn); fill-opacity: .07; stroke: var(--warn); stroke-dasharray: 3 2; }
        svg .badge { font-weight: 700; text-anchor: middle; }
        svg .badge.b { fill: var(--bad); } svg .badge.w { fill: var(--warn); }
        svg .tick { fill: none; stroke-width: 1.7; }
        svg .established { stroke: var(--ok); }
        svg .refused, svg .unanswered, svg .prohibited { stroke: var(--bad); }
        svg .unanswered { stroke-dasharray: 4 3; }
        svg .unused, svg .unseen { stroke: var(--ink-3); }
        @container ruler (max-width: 659.9px) {
          .plot { --gutter: 0px; }
          .row { grid-template-columns: minmax(0, 1fr); row-gap: 2px; margin-bottom: 8px; }
          .lane { padding-right: 0; }
        }
        .keys { margin-top: 12px; display: grid; gap: 6px; font-size: 14px; max-width: 88ch; }
        .keys li { display: grid; grid-template-columns: 22px minmax(0, 1fr); gap: 8px; }
        .kb { font-weight: 700; }
        """

    private static let findings = """
        .chips { display: flex; flex-wrap: wrap; gap: 6px; padding: 12px 0; }
        .chips button { border-radius: 99px; }
        .chips button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
        .fds { border-top: 1px solid var(--line); container: fds / inline-size; }
        .fd { border-bottom: 1px solid var(--line); }
        .fd > summary { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 12px; padding: 10px 4px; cursor: pointer; align-items: baseline; list-style: none; }
        .fd > summary:hover { background: var(--sunk); }
        .fd .ti { font-weight: 560; overflow-wrap: anywhere; }
        .fd .ru { font: 13px var(--mono); color: var(--ink-2); }
        .fd .se { font-size: 13.5px; color: var(--ink-2); overflow-wrap: anywhere; }
        @container fds (min-width: 760px) {
          .fd > summary { grid-template-columns: 92px 60px 150px minmax(0, 1fr) 110px; }
        }
        .fd .bd { padding: 4px 4px 22px 12px; }
        .fd dl { display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px 20px; font-size: 14px; }
        .fd dt { color: var(--ink-3); font-size: 12.5px; padding-top: 4px; }
        .fd dd { min-width: 0; overflow-wrap: anywhere; }
        @container fds (min-width: 640px) { .fd dl { grid-template-columns: 118px minmax(0, 1fr); } }
        .wrong { border-left: 3px solid var(--ok); padding-left: 10px; }
        [hidden] { display: none !important; }
        """

    private static let tables = """
        table { width: 100%; border-collapse: collapse; font-size: 14px; }
        th { font-size: 12.5px; color: var(--ink-3); text-align: left; padding: 6px 16px 6px 0; border-bottom: 1px solid var(--line-2); vertical-align: bottom; }
        td { padding: 7px 16px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        td .m { word-break: break-all; }
        td.w { white-space: nowrap; overflow-wrap: normal; }
        .pk b, .pk td:nth-child(2) { white-space: nowrap; overflow-wrap: normal; }
        .pk td { font: 12.5px/1.55 var(--mono); padding: 2px 14px 2px 0; border: 0; }
        .ck li { padding: 7px 0; border-bottom: 1px solid var(--line); font-size: 14px; overflow-wrap: anywhere; }
        @media screen and (max-width: 699px) {
          .stack thead { display: none; }
          .stack, .stack tbody, .stack tr, .stack td { display: block; }
          .stack tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
          .stack td { border: 0; padding: 1px 0; }
          .pk td { display: inline; padding-right: 6px; } .pk tr { display: block; padding: 3px 0; }
          .stack td[data-l]::before { content: attr(data-l) " "; color: var(--ink-3); font-size: 12.5px; }
        }
        footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 12.5px; color: var(--ink-3); }
        """

    private static let print = """
        @page { size: A4; margin: 18mm 15mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; } }
        @media print {
          :root { --paper: #fff; --sunk: #f6f6f4; }
          body { font-size: 11.5px; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          .page { display: block; padding: 0; }
          nav, button, .chips, .skip { display: none !important; }
          h1 { font-size: 26px; }
          section { padding-top: 20px; }
          .srv { margin-top: 20px; }
          details::details-content { content-visibility: visible; display: block; block-size: auto; }
          tr, li, .code, figure, summary { break-inside: avoid; }
          h2, h3, h4, summary { break-after: avoid; }
          thead { display: table-header-group; }
          #findings { break-before: page; }
        }
        """
}
