package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong on the command line ends with 2 and one line that names the option, the value and what it takes. */
class ClassifierUsageTest {
    @TempDir
    private Path folder;

    static Stream<Arguments> wrongTrainings() {
        return Stream.of(
                arguments("--epochs 0", "--epochs 0: expected at least 1"),
                arguments("--lr 0", "--learning-rate 0.0: expected a positive number"),
                arguments("--momentum 1", "--momentum 1.0: expected a number of at least 0, below 1"),
                arguments("--weight-decay -1", "--weight-decay -1.0: expected a number of at least 0"),
                arguments(
                        "--schedule warm",
                        "unknown schedule 'warm'; did you mean 'step'? There are: constant, step, cosine, one-cycle"),
                arguments("--peak 1", "--peak 1.0: expected a number between 0 and 1"),
                arguments("--optimizer adm", "unknown optimizer 'adm'; did you mean 'adam'? There are: sgd, adam"),
                arguments("--optimizer adam --momentum 0.5", "--momentum: has no effect with --optimizer adam"),
                arguments("--schedule cosine --decay-every 3", "--decay-every: has no effect with --schedule cosine"),
                arguments("--ema 1", "--ema 1.0: expected a number of at least 0, below 1"),
                arguments("--label-smoothing 2", "--label-smoothing 2.0: expected"),
                arguments("--augment mixup", "--augment mixup: expected none, crop-flip"),
                arguments("--validation 0", "--validation 0: expected at least 1"),
                arguments("--architecture resnet21", "--architecture resnet21: expected one of resnet18"),
                arguments(
                        "--defense magic",
                        "unknown defense 'magic'; did you mean 'trades'? There are: standard, adversarial-loss,"
                                + " adversarial-batch, trades, free"),
                arguments("--defense trades --eps -1", "--eps -1.0: expected a finite number of at least 0"),
                arguments("--defense trades --eps NaN", "--eps NaN: expected a finite number of at least 0"),
                arguments("--defense trades --eps 8/x", "Invalid value for option '--eps': '8/x' is neither a number"),
                arguments("--defense trades --eps 1/0", "--eps Infinity: expected a finite number"),
                arguments("--defense trades --attack fgsm", "--attack fgsm: expected pgd with a random start"),
                arguments("--defense trades --attack pdg", "unknown attack 'pdg'; did you mean 'pgd'?"),
                arguments("--defense trades --norm l3", "--norm l3: expected linf, l2, l1 or l0"),
                arguments("--defense trades --steps 0", "--steps 0: expected at least 1"),
                arguments("--defense trades --step-size 0", "--step-size 0: expected a positive number"),
                arguments("--defense trades --attack-mode odd", "--attack-mode odd: expected evaluation, training"),
                arguments("--defense adversarial-loss --alpha 2", "--alpha 2.0: expected a number from 0 to 1"),
                arguments("--defense free --replays 0", "--replays 0: expected at least 1"),
                arguments("--eps 0.1", "--eps: has no effect with --defense standard without --check-attack"),
                arguments("--alpha 0.1", "--alpha: has no effect with --defense standard"),
                arguments("--steps 3 --defense free", "--steps: has no effect with --defense free"),
                arguments("--beta 3 --defense free", "--beta: has no effect with --defense free"),
                arguments("--check-steps 3", "--check-steps: has no effect with --check-attack none"));
    }

    @ParameterizedTest
    @MethodSource("wrongTrainings")
    void aTrainingIsRefusedAndNothingIsWritten(String options, String expected) {
        Path out = folder.resolve("run");
        String[] words = ("classifier train --data glyphs --out " + out + " " + options).split(" ");

        assertThat(Ran.of((Object[]) words).refusal()).startsWith("varepsilon: " + expected);
        assertThat(out).doesNotExist();
    }

    static Stream<Arguments> wrongAttacks() {
        return Stream.of(
                arguments("--attack fsgm", "unknown attack 'fsgm'; did you mean 'fgsm'? There are: fgsm, fgsm-rs, pgd"),
                arguments("--attack none", "unknown attack 'none'; did you mean '"),
                arguments("--eps -8/255", "--eps -0.0313"),
                arguments("--eps NaN", "--eps NaN: expected a finite number of at least 0, in pixel units"),
                arguments("--eps much", "Invalid value for option '--eps'"),
                arguments("--eps 0.1,x", "Invalid value for option '--eps'"),
                arguments("--norm linfty", "--norm linfty: expected linf, l2, l1 or l0"),
                arguments("--steps 0", "--steps 0: expected at least 1"),
                arguments("--step-size -1", "--step-size -1: expected a positive number, in pixel units"),
                arguments("--restarts 0", "--restarts 0: expected at least 1"),
                arguments("--restarts 2 --no-random-start", "--restarts 2: expected 1 without a random start"),
                arguments("--loss hinge", "--loss hinge: expected cross-entropy, exact-cross-entropy, margin"),
                arguments("--attack fgsm --steps 3", "--steps: has no effect on fgsm"),
                arguments(
                        "--attack fgsm,uniform-noise --restarts 3", "--restarts: has no effect on fgsm, uniform-noise"),
                arguments("--attack mi-fgsm --step-size 0.1", "--step-size: has no effect on mi-fgsm"),
                arguments("--attack sign-noise --loss margin", "--loss: has no effect on sign-noise"),
                arguments("--attack fgsm --no-random-start", "--random-start: has no effect on fgsm"),
                arguments("--target 1 --margin 1", "--target and --margin: expected one of them"),
                arguments("--margin 0", "--margin 0.0: expected a positive number of logits"),
                arguments("--normalize-mean 0.5", "--normalize-mean: needs --normalize-std beside it"),
                arguments(
                        "--normalize-mean 0.5 --normalize-std 0",
                        "--normalize-mean, --normalize-std: means [0.5] and standard"),
                arguments(
                        "--normalize-mean 0,x --normalize-std 1,1",
                        "Invalid value for option '--normalize-mean' (X): 'x' is neither"),
                arguments(
                        "--normalize-mean 0,0 --normalize-std 1", "--normalize-mean has 2 numbers, --normalize-std 1"),
                arguments(
                        "--normalize-mean 0.5,0.5 --normalize-std 1,1",
                        "--normalize-mean and --normalize-std have 2 numbers each; the images of glyphs/test have 1"
                                + " colour channel: expected 1"),
                arguments("--architecture vgg", "--architecture vgg: expected one of resnet18"),
                arguments("--save a --pictures b", "--save and --pictures: expected one of them"),
                arguments("--eps 0.1,0.2 --transfer-to x", "--transfer-to: expected one --attack at one --eps, not 2"),
                arguments("--batch-size 0", "--batch-size 0: expected at least 1"));
    }

    @ParameterizedTest
    @MethodSource("wrongAttacks")
    void anAttackIsRefusedBeforeAnyFileIsRead(String options, String expected) {
        String[] words = ("attack --weights not-there --data glyphs " + options).split(" ");

        assertThat(Ran.of((Object[]) words).refusal()).startsWith("varepsilon: " + expected);
    }

    @Test
    void aTargetIsOneOfTheClasses() {
        assertThat(Ran.of("attack", "--weights", "w", "--data", "glyphs", "--target", "ten")
                        .refusal())
                .startsWith("varepsilon: --target ten: expected next, a number from 0 to 9, or one of 0, 1");
    }

    @Test
    void resumingTakesNoOptionThatWouldChangeTheRun() {
        assertThat(Ran.of("classifier", "train", "--resume", folder, "--lr", 1).refusal())
                .contains("--learning-rate: not together with --resume");
    }

    @Test
    void aGroupOfCommandsSaysWhatThereIs() {
        assertThat(Ran.of("classifier").refusal()).endsWith("expected a command: train, evaluate");
    }

    @ParameterizedTest
    @ValueSource(strings = {"classifier train --help", "classifier evaluate --help", "attack --help"})
    void everyCommandHelpsWithAnExample(String line) {
        Ran ran = Ran.of((Object[]) line.split(" ")).succeeded();

        assertThat(ran.out()).startsWith("Usage: varepsilon").containsPattern("Examples?:\n  varepsilon ");
    }
}
