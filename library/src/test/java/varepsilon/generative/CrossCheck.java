package varepsilon.generative;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;

/** The numbers that textbook_vae.py calls answers, as Varepsilon computes them. */
final class CrossCheck {
    private CrossCheck() {}

    /**
     * Posterior, logits and terms of the bound for the given noise, and the gradient of −ELBO.
     *
     * @param images UINT8 N×1×28×28
     * @param noise N×latentDim
     */
    static Map<String, Tensor> answers(Vae vae, Tensor images, Tensor noise) {
        Tensor target = vae.target(images);
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
        Tensor logits = ((IndependentPixels) vae.decode(q.reparameterised(noise))).output();
        Tensor logLikelihood = vae.likelihood().logProbability(logits, target);
        Tensor kl = KullbackLeibler.closedForm(q, vae.prior()).orElseThrow();
        Map<String, Tensor> answers = new LinkedHashMap<>();
        answers.put("mean", q.mean());
        answers.put("log_std", q.logStd());
        answers.put("logits", logits);
        answers.put("log_likelihood", logLikelihood);
        answers.put("kl", kl);
        Tensor loss = new Elbo(logLikelihood, kl, q).value().mean().neg();
        List<String> names = new ArrayList<>(vae.parameters().keySet());
        List<Tensor> gradients =
                Gradients.of(loss, new ArrayList<>(vae.parameters().values()));
        for (int i = 0; i < names.size(); i++) {
            answers.put("gradient." + names.get(i), gradients.get(i));
        }
        return answers;
    }
}
