package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Metrics;
import varepsilon.report.Table;

/** Question 1.8: bits per dimension on training and validation images over training, beside the published curves. */
final class CurvesStudy extends Study {
    /** The difference that another seed and split of the images may cause. */
    private static final double CLOSE = 0.02;

    /** The last epoch that was published. */
    private static final int LAST = 79;

    private static final List<Integer> DIMENSIONS = List.of(20, 2);

    /**
     * One epoch of a curve, measured and published.
     *
     * @param curve its name
     * @param epoch from 0
     * @param own measured, in bits per dimension
     * @param published the same as published
     */
    record Point(String curve, int epoch, double own, double published) {
        double relative() {
            return (own - published) / published;
        }

        double distance() {
            return Math.abs(relative());
        }
    }

    CurvesStudy() {
        super(
                "1.8",
                "Bits per dimension over training",
                "How do training and validation bits per dimension fall over 80 epochs?",
                "Two curves that fall fast and then slowly, to 0.511 and 0.521 bits per dimension with 20 latent"
                        + " dimensions and to 0.764 and 0.777 with 2.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        List<Exhibit> exhibits = new ArrayList<>();
        List<Point> points = new ArrayList<>();
        Numbers numbers = new Numbers();
        for (int latentDim : DIMENSIONS) {
            VaeSpec config = PublishedVae.config(context, latentDim);
            Map<String, double[]> metrics = Metrics.ofRun(context.trained(config));
            Map<String, ReferenceCurves.Curve> published = new PublishedCurves().of(config);
            LineChart chart = new LineChart(
                    "Bits per dimension, " + latentDim + " latent dimensions", "epoch", "bits per dimension");
            for (String part : List.of("train", "val")) {
                String name = part.equals("train") ? "training" : "validation";
                double[] own = metrics.get(part + "_bpd");
                chart.curve(name, metrics.get("epoch"), own);
                numbers.put(part + "_bpd_z" + latentDim, own[own.length - 1]);
                ReferenceCurves.Curve theirs = published.get(part + "_bpd");
                if (theirs != null) {
                    chart.published(name, theirs.epochs(), theirs.values());
                    points.addAll(common(name + ", " + latentDim + " dimensions", own, theirs));
                }
            }
            exhibits.add(new Exhibit.Chart(
                    chart,
                    "The mean over an epoch while it trains, and on held-out images after it"
                            + (published.isEmpty() ? "." : "; dashed: published.")));
        }
        exhibits.add(new Exhibit.Numbers(table(points), "Epochs, from 0, of which the published value is known."));
        return new Findings(points, numbers).with(exhibits);
    }

    private static List<Point> common(String curve, double[] own, ReferenceCurves.Curve theirs) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < theirs.epochs().length; i++) {
            int epoch = (int) theirs.epochs()[i];
            if (epoch < own.length) {
                points.add(new Point(curve, epoch, own[epoch], theirs.values()[i]));
            }
        }
        return points;
    }

    private static Table table(List<Point> points) {
        Table table = new Table(
                Table.text("curve"),
                Table.count("epoch", ""),
                Table.number("here", "bits/dim", 4),
                Table.number("published", "bits/dim", 4),
                Table.number("difference", "%", 1));
        points.forEach(point ->
                table.row(point.curve(), point.epoch(), point.own(), point.published(), 100 * point.relative()));
        return table;
    }

    /**
     * The measurements.
     *
     * @param points epochs of which the published value is known
     * @param numbers the last value of each curve
     */
    record Findings(List<Point> points, Numbers numbers) implements Answer {
        /**
         * The largest difference, without the first epochs, in which the curve falls by several percent within a few
         * steps.
         */
        private Point worst() {
            return farthest(5).orElseGet(() -> Rows.last(points));
        }

        private Point end() {
            return farthest(LAST).orElseGet(this::worst);
        }

        private Optional<Point> farthest(int fromEpoch) {
            return points.stream()
                    .filter(point -> point.epoch() >= fromEpoch)
                    .max(Comparator.comparingDouble(Point::distance));
        }

        @Override
        public Verdict verdict() {
            if (points.isEmpty()) {
                return Verdict.UNDECIDED;
            }
            return worst().distance() <= CLOSE
                    ? Verdict.CONFIRMED
                    : end().distance() <= CLOSE ? Verdict.MIXED : Verdict.CONTRADICTED;
        }

        @Override
        public String because() {
            return points.isEmpty()
                    ? "The published curves are those of 4-bit MNIST, which this was not."
                    : Words.text(
                            "The largest difference is %.1f %% on the way and %.1f %% at the end, where another seed"
                                    + " and split may make 2 %%.",
                            100 * worst().distance(), 100 * end().distance());
        }

        @Override
        public String reading() {
            String ends = Words.text(
                    "After the last epoch here, validation stands at %.4f bits per dimension with 20 latent dimensions"
                            + " and at %.4f with 2.",
                    numbers.toMap().get("val_bpd_z20"), numbers.toMap().get("val_bpd_z2"));
            if (points.isEmpty()) {
                return ends + " Of such a training nothing was published, so that there is nothing to compare.";
            }
            Point worst = worst();
            return ends + " "
                    + Words.text(
                            "Of the published values from epoch 5 on, none is farther away than %.1f %%: %s at epoch"
                                    + " %d, %.4f here and %.4f there.",
                            100 * worst.distance(), worst.curve(), worst.epoch(), worst.own(), worst.published());
        }
    }
}
