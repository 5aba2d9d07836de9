use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_written_is_read_but_not_on_disk() {
    let mut disk = vec![1; 10];
    let mut overlay = Overlay::unchanged(10);
    write(&mut overlay, &mut disk, 8, &[2; 4]);
    assert_eq!(contents(&overlay, &mut disk), [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
    assert_eq!(disk, [1; 10]);
    assert!(!overlay.is_unchanged());
}

#[test]
fn what_was_cut_off_does_not_come_back_when_the_file_grows() {
    let mut disk = vec![1; 10_000];
    let mut overlay = Overlay::unchanged(10_000);
    overlay.resize(3);
    write(&mut overlay, &mut disk, 5, &[2]);
    assert_eq!(contents(&overlay, &mut disk), [1, 1, 1, 0, 0, 2]);
    written_through(&mut overlay, &mut disk);
    assert_eq!(disk, [1, 1, 1, 0, 0, 2]);
}

#[test]
fn a_read_past_the_end_tells_how_much_there_is() {
    let mut bytes = [9; 8];
    let inside = Overlay::unchanged(10).read(&mut vec![1; 10], 6, &mut bytes);
    assert_eq!(inside, Ok(4));
    assert_eq!(bytes, [1, 1, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn what_could_not_be_written_through_is_written_the_next_time() {
    let mut disk = Failing { disk: vec![1; 5000], writes_left: 1 };
    let mut overlay = Overlay::unchanged(5000);
    overlay.resize(4000);
    assert_eq!(overlay.write(&mut disk, 4000, &[2; 5000]), Ok(()));
    assert_eq!(overlay.write_through(&mut disk), Err(()));
    assert!(!overlay.is_unchanged());
    disk.writes_left = 3;
    assert_eq!(overlay.write_through(&mut disk), Ok(()));
    assert_eq!(disk.disk, [vec![1; 4000], vec![2; 5000]].concat());
}

proptest! {
    #[test]
    fn a_file_reads_as_if_it_had_no_overlay(
        start in 0..20_000_usize,
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let mut disk = vec![7; start];
        let mut overlay = Overlay::unchanged(start as u64);
        let mut model = disk.clone();
        for step in steps {
            let durable = disk.clone();
            match &step {
                Step::Write(at, bytes) => {
                    write(&mut overlay, &mut disk, *at, bytes);
                    Disk::write(&mut model, *at as u64, bytes).unwrap();
                }
                Step::Resize(size) => {
                    overlay.resize(*size as u64);
                    model.resize(*size, 0);
                }
                Step::WriteThrough => {
                    written_through(&mut overlay, &mut disk);
                    prop_assert_eq!(&disk, &model);
                }
            }
            prop_assert_eq!(contents(&overlay, &mut disk), &model[..]);
            if !matches!(step, Step::WriteThrough) {
                prop_assert_eq!(&disk, &durable, "only writing through changes the disk");
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, Vec<u8>),
    Resize(usize),
    WriteThrough,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..20_000_usize, any::<u8>(), 1..9000_usize)
            .prop_map(|(at, byte, length)| Step::Write(at, vec![byte; length])),
        2 => (0..20_000_usize).prop_map(Step::Resize),
        1 => Just(Step::WriteThrough),
    ]
}

fn write(overlay: &mut Overlay, disk: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let Ok(()) = overlay.write(disk, at as u64, bytes);
}

fn written_through(overlay: &mut Overlay, disk: &mut Vec<u8>) {
    let Ok(()) = overlay.write_through(disk);
    assert!(overlay.is_unchanged());
}

fn contents(overlay: &Overlay, disk: &mut Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![9; overlay.size() as usize];
    let Ok(inside) = overlay.read(disk, 0, &mut bytes);
    assert_eq!(inside, bytes.len());
    bytes
}

impl Disk for Vec<u8> {
    type Error = Infallible;

    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Infallible> {
        into.copy_from_slice(&self[at as usize..at as usize + into.len()]);
        Ok(())
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), Infallible> {
        let end = at as usize + bytes.len();
        self.resize(self.len().max(end), 0);
        self[at as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn resize(&mut self, size: u64) -> Result<(), Infallible> {
        self.resize(size as usize, 0);
        Ok(())
    }
}

/// A disk that fails once it was written to so many times.
struct Failing {
    disk: Vec<u8>,
    writes_left: usize,
}

impl Failing {
    fn may_write(&mut self) -> Result<(), ()> {
        self.writes_left = self.writes_left.checked_sub(1).ok_or(())?;
        Ok(())
    }
}

impl Disk for Failing {
    type Error = ();

    fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), ()> {
        self.disk.read(at, into).map_err(|never| match never {})
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), ()> {
        self.may_write()?;
        self.disk.write(at, bytes).map_err(|never| match never {})
    }

    fn resize(&mut self, size: u64) -> Result<(), ()> {
        self.may_write()?;
        Disk::resize(&mut self.disk, size).map_err(|never| match never {})
    }
}
