package varepsilon.data;

import varepsilon.base.InputException;

/** Files of a published data set are missing or differ from the published ones; fetching them helps. */
public final class DataFilesException extends InputException {
    private static final long serialVersionUID = 1L;

    private final String dataSet;

    /** An error about the files of the data set of that name. */
    public DataFilesException(String dataSet, String message) {
        super(message);
        this.dataSet = dataSet;
    }

    /** The data set's name. */
    public String dataSet() {
        return dataSet;
    }
}
