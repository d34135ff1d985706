package varepsilon.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A drawing in pixels, in the light colours of {@link Svg#STYLE}. Hints are left out. */
final class Bitmap implements Canvas {
    private static final int RESOLUTION = 2;
    private static final Pattern COMMAND = Pattern.compile("([MLhvZ])(-?[\\d.]+)?(?: (-?[\\d.]+))?");
    private static final Pattern RULE = Pattern.compile("\\.chart \\.?(\\w+)\\{([^}]*)\\}");
    private static final Map<String, Map<String, String>> RULES = rules();

    private final BufferedImage picture;

    /** White paper, of so many units; the picture has twice as many pixels in each direction. */
    Bitmap(int width, int height) {
        picture = new BufferedImage(RESOLUTION * width, RESOLUTION * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        graphics.dispose();
    }

    BufferedImage picture() {
        return picture;
    }

    @Override
    public Bitmap path(String classes, String data) {
        Path2D path = new Path2D.Double();
        Matcher command = COMMAND.matcher(data);
        while (command.find()) {
            switch (command.group(1)) {
                case "M" -> path.moveTo(number(command, 2), number(command, 3));
                case "L" -> path.lineTo(number(command, 2), number(command, 3));
                case "h" ->
                    path.lineTo(
                            path.getCurrentPoint().getX() + number(command, 2),
                            path.getCurrentPoint().getY());
                case "v" ->
                    path.lineTo(
                            path.getCurrentPoint().getX(),
                            path.getCurrentPoint().getY() + number(command, 2));
                default -> path.closePath();
            }
        }
        return shape(classes, path);
    }

    @Override
    public Bitmap circle(String classes, double x, double y, double radius) {
        return shape(classes, new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    }

    @Override
    public Bitmap text(String classes, double x, double y, Anchor anchor, String text) {
        Map<String, String> look = look("text " + classes);
        boolean isTitle = look.containsKey("font-size");
        Graphics2D graphics = graphics();
        graphics.setFont(new Font(Font.SANS_SERIF, isTitle ? Font.BOLD : Font.PLAIN, 1)
                .deriveFont((float) (isTitle ? TITLE : TEXT)));
        graphics.setColor(colour(look, "fill"));
        double natural = graphics.getFont()
                .getStringBounds(text, graphics.getFontRenderContext())
                .getWidth();
        double width = Math.min(natural, Canvas.textWidth(text, isTitle ? LineDrawing.BOLD * TITLE : TEXT));
        double left = switch (anchor) {
            case START -> x;
            case MIDDLE -> x - width / 2;
            case END -> x - width;
        };
        graphics.translate(left, y);
        if (natural > width) {
            // The layout leaves it no more room.
            graphics.scale(width / natural, 1);
        }
        graphics.drawString(text, 0, 0);
        graphics.dispose();
        return this;
    }

    @Override
    public Bitmap hint(String classes, double x, double y, String text) {
        return this;
    }

    private Bitmap shape(String classes, Shape shape) {
        Map<String, String> look = look(classes);
        Graphics2D graphics = graphics();
        if (!look.getOrDefault("fill", "none").equals("none")) {
            graphics.setColor(colour(look, "fill"));
            graphics.fill(shape);
        }
        if (look.containsKey("stroke")) {
            graphics.setColor(colour(look, "stroke"));
            graphics.setStroke(stroke(look));
            graphics.draw(shape);
        }
        graphics.dispose();
        return this;
    }

    private Graphics2D graphics() {
        Graphics2D graphics = picture.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.scale(RESOLUTION, RESOLUTION);
        return graphics;
    }

    private static double number(Matcher command, int group) {
        return Double.parseDouble(command.group(group));
    }

    /** The properties that the rules of its classes give an element: a later rule overrides an earlier one. */
    private static Map<String, String> look(String classes) {
        Set<String> names = new HashSet<>(Arrays.asList(classes.split(" ")));
        Map<String, String> look = new HashMap<>();
        RULES.forEach((name, properties) -> {
            if (names.contains(name)) {
                look.putAll(properties);
            }
        });
        return look;
    }

    private static Color colour(Map<String, String> look, String property) {
        String name = look.get(property);
        String hex = (name.equals("currentColor") ? look.get("color") : name).substring(1);
        int rgb = Integer.parseInt(hex.length() == 3 ? hex.replaceAll("(\\w)", "$1$1") : hex, 16);
        double opacity = Double.parseDouble(look.getOrDefault(property + "-opacity", "1"))
                * Double.parseDouble(look.getOrDefault("opacity", "1"));
        return new Color(rgb | (int) Math.round(255 * opacity) << 24, true);
    }

    private static BasicStroke stroke(Map<String, String> look) {
        boolean isRound = look.getOrDefault("stroke-linecap", "butt").equals("round");
        String dashes = look.get("stroke-dasharray");
        float[] lengths = null;
        if (dashes != null) {
            String[] parts = dashes.split(" ");
            lengths = new float[parts.length];
            for (int i = 0; i < parts.length; i++) {
                lengths[i] = Float.parseFloat(parts[i]);
            }
        }
        return new BasicStroke(
                Float.parseFloat(look.getOrDefault("stroke-width", "1")),
                isRound ? BasicStroke.CAP_ROUND : BasicStroke.CAP_BUTT,
                look.containsKey("stroke-linejoin") ? BasicStroke.JOIN_ROUND : BasicStroke.JOIN_MITER,
                10,
                lengths,
                0);
    }

    /** By class, in their order, without those of dark mode. */
    private static Map<String, Map<String, String>> rules() {
        Map<String, Map<String, String>> rules = new LinkedHashMap<>();
        Matcher rule = RULE.matcher(Svg.STYLE.substring(0, Svg.STYLE.indexOf("@media")));
        while (rule.find()) {
            Map<String, String> properties = new HashMap<>();
            for (String property : rule.group(2).split(";")) {
                int colon = property.indexOf(':');
                properties.put(property.substring(0, colon), property.substring(colon + 1));
            }
            rules.put(rule.group(1), properties);
        }
        return rules;
    }
}
