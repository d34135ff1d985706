package varepsilon.lab.page;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import varepsilon.report.Markup;
import varepsilon.report.Svg;

/** The style sheet and script of pages, which are embedded in the page. */
final class PageStyle {
    /** Light and dark, wide and narrow, and on paper. */
    static final String STYLE = """
            :root{color-scheme:light dark;--ink:#1f2328;--quiet:#5b6068;--paper:#fdfdfc;--raised:#f4f5f6;--rule:#dfe1e4;
            --accent:#0065a0;--confirmed:#00795a;--contradicted:#b8430a;--mixed:#8a6100;--note:#0065a0}
            @media screen and (prefers-color-scheme:dark){:root{--ink:#e4e6e9;--quiet:#a3a9b2;--paper:#16181c;
            --raised:#1f2227;--rule:#343940;--accent:#6bb8f0;--confirmed:#34c79a;--contradicted:#ff8b4d;--mixed:#f3bb45;
            --note:#6bb8f0}}
            *{box-sizing:border-box}
            html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
            body{margin:0;padding:2.5rem 1.25rem 5rem;background:var(--paper);color:var(--ink);
            font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
            overflow-wrap:break-word}
            header,main,nav{max-width:48rem;margin:0 auto}
            h1{font-size:clamp(1.5rem,5vw,2.1rem);line-height:1.2;letter-spacing:-.015em;margin:0 0 .4em;text-wrap:balance}
            h2{font-size:1.35rem;line-height:1.3;letter-spacing:-.01em;margin:2.6em 0 .6em;padding-top:.6em;
            border-top:1px solid var(--rule)}
            h3{font-size:1.08rem;line-height:1.35;margin:1.8em 0 .5em}
            p{margin:.7em 0;max-width:42rem;white-space:pre-line}
            .subtitle{color:var(--quiet);font-size:1.15rem;line-height:1.45;margin:0 0 1em}
            nav{margin-top:1.5rem;font-size:.94rem;line-height:1.45}
            nav ol{margin:0;padding:0;list-style:none;columns:2;column-gap:2rem}
            nav li{padding:.18em 0;break-inside:avoid}
            nav a{color:var(--accent);text-decoration:none}
            nav a:hover,nav a:focus{text-decoration:underline}
            dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.1rem;margin:1.2em 0;font-size:.94rem}
            dt{color:var(--quiet)}
            dd{margin:0;font-variant-numeric:tabular-nums}
            .callout{margin:1.4em 0;padding:.85em 1.1em;border-left:4px solid var(--tone);border-radius:0 6px 6px 0;
            background:var(--raised)}
            .callout p{margin:.25em 0 0}
            .callout strong{color:var(--tone)}
            .confirmed{--tone:var(--confirmed)}.contradicted{--tone:var(--contradicted)}.mixed{--tone:var(--mixed)}
            .note{--tone:var(--note)}
            figure{margin:1.8em 0}
            figcaption{color:var(--quiet);font-size:.9rem;line-height:1.45;margin-top:.55em;max-width:42rem}
            img{display:block;max-width:100%;height:auto;image-rendering:pixelated;border-radius:3px}
            .narrow{display:none}
            .gallery{display:flex;flex-wrap:wrap;gap:1.1rem 1rem;margin:1.4em 0;padding:0;list-style:none}
            .gallery li{width:8.5rem}
            .gallery img{width:100%;border:1px solid var(--rule)}
            .gallery b{display:block;font-size:.88rem;line-height:1.3;margin-top:.4em}
            .gallery span{display:block;color:var(--quiet);font-size:.82rem;line-height:1.35;white-space:pre-line}
            .scroll{overflow:auto;max-height:85vh;border:1px solid var(--rule);border-radius:6px}
            table{border-collapse:collapse;width:100%;font-size:.92rem;line-height:1.4;font-variant-numeric:tabular-nums}
            th,td{padding:.42em .8em;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
            tr:last-child td{border-bottom:0}
            th{position:sticky;top:0;background:var(--raised);font-weight:600;vertical-align:bottom}
            td{white-space:nowrap}
            .long{white-space:normal;min-width:16rem}
            .n{text-align:right}
            .code{position:relative;margin:1.2em 0}
            .code b{display:block;color:var(--quiet);font-size:.85rem;font-weight:600;margin-bottom:.3em}
            pre{margin:0;padding:.85em 1em;overflow:auto;max-height:30rem;background:var(--raised);border-radius:6px;
            font:.84rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;tab-size:4}
            button{position:absolute;top:0;right:0;font:inherit;font-size:.8rem;line-height:1.3;padding:.1em .7em;
            color:var(--accent);background:transparent;border:1px solid var(--rule);border-radius:4px;cursor:pointer}
            button:hover{border-color:var(--accent)}
            details{margin:1.2em 0;border:1px solid var(--rule);border-radius:6px;padding:0 1.1em}
            summary{cursor:pointer;padding:.6em 0;font-weight:600}
            :focus-visible{outline:2px solid var(--accent);outline-offset:2px}
            .tip{position:absolute;z-index:2;max-width:16rem;padding:.4em .7em;border-radius:5px;background:var(--ink);
            color:var(--paper);font-size:.84rem;line-height:1.35;white-space:pre-line;pointer-events:none}
            .chart .paper{fill:none}
            .live{max-width:90rem}
            .run{border-top:1px solid var(--rule);margin-top:1.8em}
            .run h2{border:0;margin:.5em 0 .2em}
            .state{margin:0;color:var(--quiet);font-size:.94rem;font-variant-numeric:tabular-nums}
            .state b{display:inline-block;padding:0 .65em;border-radius:1em;background:var(--raised);margin-right:.4em}
            .running{color:var(--confirmed)}.waiting{color:var(--mixed)}
            .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:.5rem 1.2rem;
            margin-top:1em}
            .samples{display:flex;flex-wrap:wrap;gap:0 1.5rem}
            .samples figure{margin:1em 0;max-width:100%}
            .samples img{max-height:28rem;width:auto}
            #connection{color:var(--contradicted);margin:0}
            @media (max-width:36rem){
            body{padding:1.5rem 1rem 4rem;font-size:1rem}
            nav ol{columns:1}
            dl{grid-template-columns:1fr;gap:0}
            dd{margin-bottom:.5em}
            .wide{display:none}.narrow{display:block}
            figure img{image-rendering:auto}
            .gallery{gap:1rem .75rem}
            .gallery li{width:calc(50% - .375rem)}
            th,td{padding:.4em .6em}
            }
            @media (min-width:76rem){
            body:has(>nav){display:grid;grid-template-columns:14rem 48rem;column-gap:3rem;justify-content:center}
            body:has(>nav)>*{margin-left:0;margin-right:0}
            body>header,body>main{grid-column:2}
            body>nav{grid-column:1;grid-row:1/span 2;align-self:start;position:sticky;top:2rem;margin-top:.6rem;
            max-height:90vh;overflow:auto}
            nav ol{columns:1}
            }
            @media print{
            body{padding:0;font-size:10pt;background:#fff}
            header,main,nav{max-width:none}
            .scroll,pre{max-height:none;overflow:visible}
            pre{white-space:pre-wrap;background:none;border:1px solid var(--rule)}
            table{font-size:8.5pt}
            th{position:static}
            td{white-space:normal}
            .long{min-width:0}
            button,.tip{display:none}
            figure,.callout,tr,.gallery li{break-inside:avoid}
            h2,h3{break-after:avoid}
            nav a{color:inherit}
            details{border:0;padding:0}
            }
            """ + Svg.STYLE;

    /** Copy buttons, chart values on touch screens, and unfolded details in print. */
    static final String SCRIPT = """
            'use strict';
            for (const block of document.querySelectorAll('.code')) {
                const button = document.createElement('button');
                button.textContent = 'Copy';
                button.addEventListener('click', async () => {
                    const text = block.querySelector('pre');
                    try {
                        await navigator.clipboard.writeText(text.textContent);
                    } catch (e) {
                        getSelection().selectAllChildren(text);
                        document.execCommand('copy');
                    }
                    button.textContent = 'Copied';
                    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
                });
                block.append(button);
            }
            let tip = null;
            document.addEventListener('pointerup', event => {
                if (tip) {
                    tip.remove();
                    tip = null;
                }
                const point = event.target.closest('.hit');
                if (point && event.pointerType !== 'mouse') {
                    tip = document.createElement('div');
                    tip.className = 'tip';
                    tip.textContent = point.textContent;
                    document.body.append(tip);
                    const width = document.documentElement.clientWidth;
                    tip.style.left = scrollX + Math.max(8, Math.min(event.clientX, width - tip.offsetWidth - 8)) + 'px';
                    tip.style.top = scrollY + event.clientY + 14 + 'px';
                }
            });
            addEventListener('beforeprint', () => {
                for (const details of document.querySelectorAll('details:not([open])')) {
                    details.open = true;
                    details.dataset.wasClosed = '';
                }
            });
            addEventListener('afterprint', () => {
                for (const details of document.querySelectorAll('details[data-was-closed]')) {
                    details.open = false;
                    delete details.dataset.wasClosed;
                }
            });
            """;

    private PageStyle() {}

    /**
     * The start of a page up to {@code <body>}. Its policy lets it load nothing from anywhere but what {@code sources}
     * name, and run only this script: not one from inserted text.
     *
     * @param script what stands at the end of the page in {@code <script>}, to the letter
     * @param sources of pictures and data, such as {@code img-src data:}
     */
    static String opening(String title, String script, String sources) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta http-equiv="Content-Security-Policy" content="%s">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body>
                """.formatted(policy(script, sources), Markup.escape(title), STYLE);
    }

    /** What a page may load and run. */
    static String policy(String script, String sources) {
        return "default-src 'none'; " + sources + "; style-src 'unsafe-inline'; script-src 'sha256-"
                + hash("\n" + script) + "'; base-uri 'none'; form-action 'none'";
    }

    /** The end of a page. */
    static String closing(String script) {
        return "<script>\n" + script + "</script>\n</body>\n</html>\n";
    }

    private static String hash(String script) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
