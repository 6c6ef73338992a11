//! Kills the bot at points spread over all sites, starts it again, and compares the transcripts of both sides.
//!
//! A point is a story that is cut once (a few are cut twice), in a process of its own over a real SQLite file. Several
//! are told at once, each in a town of its own, and what each came to is written into a table as soon as it is known.

mod life;
pub(crate) mod seat;
pub(crate) mod story;
mod tally;
pub(crate) mod trap;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use escalator_testkit::desk::Encoding;

pub use self::tally::Tally;
use self::{
    life::Lives,
    seat::Chair,
    story::{Cast, Compared, Ending, Story},
    trap::{Cut, Trap},
};
use crate::{
    sites::{self, Platform},
    town::{PATIENCE, Town},
};

/// What to run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The bots, by their platform.
    pub programs: Vec<(Platform, PathBuf)>,
    /// How many points, spread over the sites of all platforms.
    pub points: usize,
    /// Repeats a run: each point is drawn from it and its own number.
    pub seed: u64,
    /// The number of the first point.
    pub from: usize,
    /// How many points are made at once.
    pub jobs: usize,
    /// Where the table is kept.
    pub out: Option<PathBuf>,
}

/// How many stories are told in one town: what the stand-ins remember makes them slower.
const STORIES_MAX: usize = 40;

impl Run {
    /// All sites, in the order in which they are visited.
    pub fn sites(&self) -> Vec<String> {
        let platforms = self.programs.iter().map(|(platform, _)| *platform);
        let named = platforms.flat_map(|of| sites::all(of).into_iter().map(move |site| named(of, &site)));
        named.collect()
    }

    /// What tells this run from others.
    fn name(&self) -> String {
        let platforms: Vec<_> = self.programs.iter().map(|(platform, _)| platform.to_string()).collect();
        format!(
            "{} points on {}, seed {}",
            self.points,
            platforms.join(" and "),
            self.seed
        )
    }

    /// Makes the points, and goes on with a table where one is kept and it does not begin at the first.
    ///
    /// # Errors
    /// When a town cannot be built, the bot does not start, or the table cannot be kept.
    pub async fn make(&self) -> Result<Tally> {
        let tally = match &self.out {
            Some(file) if self.from > 0 => Tally::read(file, &self.name())?,
            _ => Tally::of(self.name()),
        };
        let mut rehearsals = Vec::new();
        for (platform, program) in &self.programs {
            let rehearsed = Rehearsal::of(*platform, program.clone()).await;
            rehearsals.push(rehearsed.with_context(|| format!("the story without a cut, on {platform}"))?);
        }
        let shared = Arc::new(Shared {
            run: self.clone(),
            next: AtomicUsize::new(self.from),
            spots: rehearsals.iter().flat_map(Rehearsal::spots).collect(),
            before_secs: tally.secs,
            since: Instant::now(),
            tally: Mutex::new(tally),
        });
        let jobs: Vec<_> = (0..self.jobs.max(1))
            .map(|_| tokio::spawn(work(Arc::clone(&shared))))
            .collect();
        for job in jobs {
            job.await??;
        }
        let shared = Arc::into_inner(shared).context("the workers are gone")?;
        Ok(shared.tally.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a site is called where there are several platforms.
fn named(platform: Platform, site: &str) -> String {
    if site.starts_with("telegram ") || site.starts_with("discord ") {
        return site.to_owned();
    }
    format!("{platform}: {site}")
}

/// A site with the casts that pass it, and how often.
#[derive(Clone, Debug)]
struct Spot {
    platform: Platform,
    site: String,
    casts: Vec<(Cast, u64)>,
}

/// What the workers share.
struct Shared {
    run: Run,
    next: AtomicUsize,
    spots: Vec<Spot>,
    before_secs: f64,
    since: Instant,
    tally: Mutex<Tally>,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next point that is missing.
    fn next(&self) -> Option<usize> {
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.run.points {
                return None;
            }
            if !self.tally().has(number) {
                return Some(number);
            }
        }
    }

    fn add(&self, number: usize, spot: &Spot, told: &Told, is_cut: bool) -> Result<()> {
        let mut tally = self.tally();
        tally.add(number, &named(spot.platform, &spot.site), told, is_cut);
        tally.secs = self.before_secs + self.since.elapsed().as_secs_f64();
        match &self.run.out {
            Some(file) => tally.write(file),
            None => Ok(()),
        }
    }
}

/// What became of a point's story.
#[derive(Debug)]
enum Told {
    Whole(Compared),
    Stuck(String),
}

/// Makes points until there are none left, in towns that are built anew after a while.
async fn work(shared: Arc<Shared>) -> Result<()> {
    let mut towns: BTreeMap<Platform, Place> = BTreeMap::new();
    while let Some(number) = shared.next() {
        let spot = &shared.spots[spread(number, shared.run.points, shared.spots.len())];
        if towns.get(&spot.platform).is_none_or(|town| town.stories >= STORIES_MAX) {
            let program = shared.run.programs.iter().find(|(of, _)| *of == spot.platform);
            let (_, program) = program.context("each spot has a program")?;
            towns.insert(spot.platform, Place::build(program.clone()).await?);
        }
        let place = towns.get_mut(&spot.platform).expect("it was built");
        let mut chance = fastrand::Rng::with_seed(shared.run.seed.rotate_left(32) ^ number as u64);
        let (cast, passed) = *chance.choice(&spot.casts).expect("each spot has a cast");
        let times = chance.u64(1..=(passed - 1).max(1));
        let (mut told, mut is_cut) = place.point(&spot.site, number, times, cast).await?;
        if !is_cut && matches!(told, Told::Whole(_)) {
            // A story takes its calls in a slightly different number each time: the point is moved ahead.
            (told, is_cut) = place.point(&spot.site, number, 1, cast).await?;
        }
        shared.add(number, spot, &told, is_cut)?;
    }
    Ok(())
}

/// The site of a point: all in turn, or, where there are more sites than points, some at even distances.
fn spread(number: usize, points: usize, sites: usize) -> usize {
    if points < sites {
        number * sites / points
    } else {
        number % sites
    }
}

/// A town with its trap.
struct Place {
    town: Arc<Town>,
    trap: Trap,
    stories: usize,
    dead_lettered: usize,
}

impl Place {
    async fn build(program: PathBuf) -> Result<Self> {
        let town = Arc::new(Town::build(program, Encoding::Multipart).await?);
        Ok(Self {
            trap: Trap::watch(&town),
            town,
            stories: 0,
            dead_lettered: 0,
        })
    }

    /// One point: a story that is cut, and whether it was.
    async fn point(&mut self, site: &str, number: usize, times: u64, cast: Cast) -> Result<(Told, bool)> {
        let cuts = cuts(site, times);
        let wanted = cuts.len();
        self.trap.set(cuts);
        self.stories += 1;
        let name = format!("Point{number}x{}", self.stories);
        let mut lives = Lives::begin(&self.town, &self.trap).await?;
        let story = Story::new(&self.town, &self.trap, name, cast);
        let told = tokio::select! {
            told = tokio::time::timeout(4 * PATIENCE, story.play()) => told.context("it takes too long").flatten(),
            why = lives.fail() => Err(why),
        };
        self.trap.set([]);
        let kills = lives.end().await;
        let told = match told {
            Ok(mut told) => {
                told.explain(kills);
                told.dead_lettered = self.new_dead_letters().await?;
                Told::Whole(told)
            }
            Err(why) => Told::Stuck(format!("passed {times} times, {cast:?}: {why:#}")),
        };
        Ok((told, kills >= wanted))
    }

    async fn new_dead_letters(&mut self) -> Result<usize> {
        let all = self.town.dead_letters().await?;
        let before = std::mem::replace(&mut self.dead_lettered, all);
        Ok(all.saturating_sub(before))
    }
}

/// The kills of a point. What a second life alone passes has one before it.
fn cuts(site: &str, times: u64) -> Vec<Cut> {
    let this = (site.to_owned(), times);
    if sites::is_in_a_second_life(site) {
        vec![(sites::SAID.to_owned(), 2), (site.to_owned(), 1)]
    } else {
        vec![this]
    }
}

/// How often each site is passed, by each cast.
struct Rehearsal {
    platform: Platform,
    passed: Vec<(Cast, BTreeMap<String, u64>)>,
}

impl Rehearsal {
    /// Tells the story once with each cast and without a cut.
    async fn of(platform: Platform, program: PathBuf) -> Result<Self> {
        let Place { town, trap, .. } = Place::build(program).await?;
        let mut passed = Vec::new();
        for cast in casts(platform) {
            trap.take_passed();
            let bot = match platform {
                Platform::Telegram => town.start_bot().await?,
                Platform::Discord => town.start_discord_bot().await?,
            };
            let name = format!("Rehearsal{}", passed.len());
            let told = Story::new(&town, &trap, name, cast).play().await?;
            ensure!(
                told.is_flawless(),
                "the story itself goes wrong: {:?} {:?}",
                told.at_desk,
                told.in_chat
            );
            let mut counts = trap.take_passed();
            for site in bot.sites() {
                *counts.entry(site).or_default() += 1;
            }
            passed.push((cast, counts));
        }
        let rehearsed = Self { platform, passed };
        let missing: Vec<_> = rehearsed.spots().filter(|spot| spot.casts.is_empty()).collect();
        ensure!(missing.is_empty(), "the story passes none of these sites: {missing:?}");
        Ok(rehearsed)
    }

    fn spots(&self) -> impl Iterator<Item = Spot> {
        sites::all(self.platform).into_iter().map(|site| {
            let casts = self.passed.iter().filter_map(|(cast, passed)| {
                let times = if sites::is_in_a_second_life(&site) {
                    1
                } else {
                    *passed.get(&site)?
                };
                Some((*cast, times))
            });
            Spot {
                platform: self.platform,
                casts: casts.collect(),
                site,
            }
        })
    }
}

/// Who tells stories on a platform, each with each end.
pub(crate) fn casts(platform: Platform) -> Vec<Cast> {
    let chairs: &[_] = match platform {
        Platform::Telegram => &[Chair::Telegram],
        Platform::Discord => &[Chair::DiscordDirect, Chair::DiscordGuild],
    };
    let endings = [Ending::Customer, Ending::Agent];
    let casts = chairs
        .iter()
        .flat_map(|chair| endings.map(|ending| Cast { chair: *chair, ending }));
    casts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_points_are_spread_over_all_sites_and_many_visit_each() {
        let visited = |points| (0..points).map(|number| spread(number, points, 10)).collect::<Vec<_>>();
        assert_eq!(visited(4), [0, 2, 5, 7]);
        assert_eq!(visited(12), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    }
}
