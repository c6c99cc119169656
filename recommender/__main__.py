"""`python -m recommender` is the same as `recommender`."""

from recommender.surfaces.cli import main

if __name__ == "__main__":
    main()
