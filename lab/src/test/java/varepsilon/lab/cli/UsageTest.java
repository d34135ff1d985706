package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong on the command line ends with 2 and one line that names the option, the value and what it takes. */
class UsageTest {
    @TempDir
    private Path folder;

    static Stream<Arguments> wrongTrainings() {
        return Stream.of(
                arguments("--latent-dim 0", "--latent-dim 0: expected at least 1"),
                arguments("--epochs -1", "--epochs -1: expected at least 1"),
                arguments("--limit 0", "--limit 0: expected at least 1"),
                arguments("--batch-size 0", "--batch-size 0: expected at least 1"),
                arguments("--filters 0", "--filters 0: expected from 1 to 4096"),
                arguments("--threads 0", "--threads 0: expected at least 1"),
                arguments("--samples-every 0", "--samples-every 0: expected at least 1"),
                arguments("--levels 10", "--levels 10: expected a power of two from 2 to 256"),
                arguments("--levels 512", "--levels 512: expected a power of two from 2 to 256"),
                arguments(
                        "--likelihood poisson",
                        "unknown likelihood 'poisson'; did you mean 'logistic'? There are: categorical, logistic,"
                                + " logistic-mixture, beta-binomial, bernoulli, gaussian, gaussian-learned"),
                arguments("--likelihood logistic --levels 12", "--levels 12: expected a power of two from 2 to 256"),
                arguments(
                        "--likelihood logistic-mixture:components=0",
                        "logistic-mixture:components=0: components 0: expected from 1 to 100"),
                arguments(
                        "--likelihood logistic-mixture:component=5",
                        "logistic-mixture has no parameter 'component'; did you mean 'components'? It has: levels,"
                                + " components"),
                arguments(
                        "--likelihood beta-binomial:levels=7",
                        "beta-binomial:levels=7: levels 7: expected a power of two from 2 to 256"),
                arguments(
                        "--likelihood gaussian-learned:min-std=0",
                        "gaussian-learned:min-std=0: minStd 0.0: expected a positive number"),
                arguments("--learning-rate 0", "--learning-rate 0.0: expected a positive number"),
                arguments("--learning-rate NaN", "--learning-rate NaN: expected a positive number"),
                arguments("--beta -1", "--beta -1.0: expected a number of at least 0"),
                arguments("--free-nats -1", "--free-nats -1.0: expected a number of at least 0"),
                arguments("--warm-up -1", "--warm-up -1.0: expected a number of at least 0"),
                arguments("--objective elbow", "unknown objective 'elbow'; did you mean 'elbo'?"),
                arguments("--objective iwae --beta 2", "--beta: has no effect on the objective iwae"),
                arguments("--objective dreg:samples=0", "dreg:samples=0: samples 0: expected from 1 to"),
                arguments(
                        "--objective beta-tcvae --posterior full",
                        "--objective beta-tcvae: expected the posterior diagonal"),
                arguments(
                        "--objective elbo:cycle=5 --warm-up 6",
                        "elbo:cycle=5: warmUp 6.0: expected more than 0 and at most the cycle, 5 epochs"),
                arguments("--schedule cosin", "unknown schedule 'cosin'; did you mean 'cosine'?"),
                arguments("--validation-fraction 1", "--validation-fraction 1.0: expected a number between 0 and 1"),
                arguments("--device gpu", "--device gpu: expected auto, cpu, cuda or cuda:INDEX"),
                arguments("--epochs many", "Invalid value for option '--epochs': 'many' is not an int"),
                arguments("--latent-dims 3", "unknown option '--latent-dims'; did you mean --latent-dim?"),
                arguments("--data glyhps", "unknown data set 'glyhps'; did you mean 'glyphs'?"));
    }

    @ParameterizedTest
    @MethodSource("wrongTrainings")
    void aTrainingIsRefusedAndNothingIsWritten(String options, String expected) {
        Path out = folder.resolve("run");
        String data = options.startsWith("--data") ? "" : " --data glyphs";
        String[] words = ("vae train" + data + " --out " + out + " " + options).split(" ");

        assertThat(Ran.of((Object[]) words).refusal()).startsWith("varepsilon: " + expected);
        assertThat(out).doesNotExist();
    }

    static Stream<Arguments> wrongCommands() {
        return Stream.of(
                arguments("vea", "unknown command 'vea'; did you mean vae?"),
                arguments("vae", "expected a command: train, evaluate, sample, reconstruct, interpolate,"),
                arguments("data", "expected a command: list, info, fetch"),
                arguments("vae train", "--data is missing"),
                arguments("vae evaluate --data glyphs", "Missing required option: '--weights=FILE'"),
                arguments("vae evaluate --weights w --data glyphs --importance-samples 0", "--importance-samples 0"),
                arguments("vae evaluate --weights w --data glyphs --chunk 0", "--chunk 0: expected at least 1"),
                arguments("vae evaluate --weights w --data glyphs --batch-size 0", "--batch-size 0: expected"),
                arguments("vae evaluate --weights w --data glyphs --limit 0", "--limit 0: expected at least 1"),
                arguments("vae sample --weights w --out picture.jpg", "--out picture.jpg: expected"),
                arguments("model", "expected a command: info, check, export"),
                arguments("model info", "Missing required parameter: 'FILE'"),
                arguments("model check m --image 3x32", "--image 3x32: expected channels, height and width"),
                arguments("model check m --normalize-mean 0.5", "--normalize-mean: needs --normalize-std beside it"),
                arguments("model export --weights w", "Missing required option: '--out=FILE'"),
                arguments("model export --weights w --out o --part middle", "Invalid value for option '--part'"),
                arguments("data info mnits", "unknown data set 'mnits'; did you mean 'mnist'?"),
                arguments("data fetch cifar", "unknown data set 'cifar'"),
                arguments("quickstart --minutes 0", "--minutes 0.0: expected a number above 0, at most 1440"),
                arguments("quickstart --minutes NaN", "--minutes NaN: expected a number above 0"),
                arguments("quickstart --vae-epochs 0", "--vae-epochs 0: expected at least 1"),
                arguments("quickstart --classifier-epochs -1", "--classifier-epochs -1: expected at least 1"),
                arguments(
                        "quickstart --minutes 2 --vae-epochs 1 --classifier-epochs 1",
                        "--minutes chooses epochs, and both are given; leave it out, or one of them"),
                arguments("data list mnist", "unexpected argument 'mnist'"));
    }

    @ParameterizedTest
    @MethodSource("wrongCommands")
    void aCommandIsRefused(String line, String expected) {
        assertThat(Ran.of((Object[]) line.split(" ")).refusal()).startsWith("varepsilon: " + expected);
    }

    @Test
    void resumingTakesNoOptionThatWouldChangeTheRun() {
        String refusal = Ran.of("vae", "train", "--resume", folder, "--learning-rate", "0.1")
                .refusal();

        assertThat(refusal)
                .isEqualTo("varepsilon: --learning-rate: not together with --resume, which uses the run's"
                        + " configuration");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "quickstart --help",
                "data list --help",
                "data info --help",
                "data fetch --help",
                "vae train --help",
                "vae evaluate --help",
                "vae sample --help",
                "vae reconstruct --help",
                "vae interpolate --help",
                "vae manifold --help",
                "vae compress --help",
                "vae decompress --help",
                "model info --help",
                "model check --help",
                "model export --help",
                "bench --help",
                "doctor --help"
            })
    void everyCommandHelpsWithAnExample(String line) {
        Ran ran = Ran.of((Object[]) line.split(" ")).succeeded();

        assertThat(ran.out()).startsWith("Usage: varepsilon").containsPattern("Examples?:\n  varepsilon ");
    }

    @Test
    void aloneItShowsWhatThereIs() {
        assertThat(Ran.of().succeeded().out()).startsWith("Usage: varepsilon").contains("quickstart", "vae", "doctor");
    }

    @Test
    void anExistingPictureIsNotReplacedUnlessForced() throws IOException {
        Path picture = Files.writeString(folder.resolve("precious.png"), "mine");

        String failure =
                Ran.of("vae", "sample", "--weights", "w", "--out", picture).failure();

        assertThat(failure).endsWith("precious.png: is there already; --force replaces it");
        assertThat(picture).hasContent("mine");
    }
}
