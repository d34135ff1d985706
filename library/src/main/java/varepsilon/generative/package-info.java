/**
 * Variational autoencoders and their relatives: posterior, prior, likelihood, Kullback–Leibler divergence, objectives
 * and estimates of log p(x). Log-probabilities are in nats and summed over an image; bits per dimension are
 * −ELBO / (D·ln 2).
 */
package varepsilon.generative;
