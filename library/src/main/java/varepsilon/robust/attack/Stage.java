package varepsilon.robust.attack;

/**
 * One attack of several that run one after the other, each on the images that are left.
 *
 * @param name in reports; also splits off the random numbers, so that two stages of one name and attack are the same
 * @param attack the attack
 */
public record Stage(String name, Attack attack) {}
