//! What a test can ask of a run, beside what every program can.

use super::Run;

impl<T> Run<T> {
    /// Draws the jitter of every retry from a seed: two runs with one seed wait for the same times.
    ///
    /// What is drawn depends on the seed, the step and its attempt, and not on the order in which steps run.
    /// With the feature `test`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynagraph_runtime::RunError> {
    /// # let job = dynagraph_runtime::Job::compose("nothing", || ());
    /// job.run().seed(7).await
    /// # }
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = Some(seed);
        self
    }

    /// Starts the copies of each fan-out in an order drawn from a seed, instead of the order of emission.
    ///
    /// Whenever a copy may start, it is any of those that are ready.
    /// Nothing else changes: what is collected, and the report, are in the order of emission.
    /// A job whose ops must not depend on who starts first gives the same with every seed.
    ///
    /// One seed gives one order where one step runs at a time and nothing else decides who is ready: with
    /// `max_concurrent(1)`, on a current-thread runtime, for ops that do not block.
    /// With the feature `test`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynagraph_runtime::RunError> {
    /// # let job = dynagraph_runtime::Job::compose("nothing", || ());
    /// let expected = job.run().await?;
    /// for seed in 0..100 {
    ///     assert_eq!(job.run().shuffle(seed).await?, expected, "seed {seed}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.options.shuffle = Some(seed);
        self
    }
}
